// @ts-check
/** @import {Person} from "./types.js" */
/** @import {Choice, Column} from "./rules.js" */
import {h, icon, text, View} from "../elements/dom.js";
import {clock, lang, number, t} from "../i18n.js";
import {percent} from "./plots.js";
import {arrange, columns} from "./rules.js";

const page = 100;

/**
 * <report-people> is the table of who came: sorted by its heads, filtered by
 * name and role, a page at a time. It says "person-open" with the id of whom
 * somebody wants to see.
 * @extends {View<{people: Person[], items: number}>}
 */
export class ReportPeople extends View {
  /** @type {Choice} */ #choice = {column: "score", down: true, find: "", role: ""};
  #shown = page;

  build() {
    const again = () => {
      this.#shown = page;
      this.refresh();
    };
    const find = h("input", {class: "input", type: "search", value: this.#choice.find, placeholder: t("report.people.find"), aria: {label: t("report.people.find")},
      oninput: () => {
        this.#choice.find = find.value;
        again();
      }});
    const role = h("select", {class: "select", aria: {label: t("report.column.role")}, onchange: () => {
      this.#choice.role = /** @type {Choice["role"]} */ (role.value);
      again();
    }}, ...["", "viewer", "staff"].map((value) => h("option", {value, selected: value === this.#choice.role}, t(`report.people.role.${value || "all"}`))));
    this.count = h("p", {class: "hint", role: "status"});
    this.heads = columns.map((column) => h("th", {scope: "col", class: numeric(column) ? "report__number" : "", aria: {sort: "none"}},
      h("button", {type: "button", class: "report__sort", onclick: () => {
        this.#choice.down = this.#choice.column === column ? !this.#choice.down : numeric(column);
        this.#choice.column = column;
        this.refresh();
      }}, t(`report.column.${column}`), icon("sort"))));
    this.body = h("tbody");
    this.more = h("button", {type: "button", class: "btn btn--small", onclick: () => {
      this.#shown += page;
      this.refresh();
    }}, t("report.people.more"));
    this.append(h("div", {class: "report__filter"}, find, role), this.count,
      h("div", {class: "report__scroll", tabIndex: 0, role: "region", aria: {label: t("report.people")}},
        h("table", {class: "table report__table"}, h("caption", {class: "sr-only"}, t("report.people")), h("thead", null, h("tr", null, ...this.heads)), this.body)), this.more);
  }

  /** @param {{people: Person[], items: number}} view */
  update({people, items}) {
    const {count, body, heads, more} = this;
    if (!count || !body || !heads || !more) return;
    const shown = arrange(people, this.#choice, new Intl.Collator(lang));
    const {column, down} = this.#choice;
    heads.forEach((head, i) => head.setAttribute("aria-sort", columns[i] === column ? (down ? "descending" : "ascending") : "none"));
    text(count, t("report.people.count", {n: shown.length, of: people.length}));
    const held = document.activeElement instanceof HTMLElement && body.contains(document.activeElement) ? document.activeElement.dataset.person : "";
    body.replaceChildren(...shown.slice(0, this.#shown).map((p) => row(p, items)));
    if (held) /** @type {HTMLElement | null} */ (body.querySelector(`[data-person="${CSS.escape(held)}"]`))?.focus();
    more.hidden = shown.length <= this.#shown;
  }
}

/** @param {Column} column */
const numeric = (column) => column !== "name" && column !== "role";

/** @param {Person} p @param {number} items */
function row(p, items) {
  const cell = (/** @type {string} */ value, note = "") => h("td", {class: "report__number numeric"}, value, note ? h("span", {class: "muted"}, ` ${note}`) : null);
  return h("tr", null,
    h("th", {scope: "row"}, h("button", {type: "button", class: "report__person", dir: "auto", data: {person: p.id}, onclick: (/** @type {Event} */ event) =>
      event.target?.dispatchEvent(new CustomEvent("person-open", {bubbles: true, detail: {id: p.id, name: p.name}}))}, p.name || t("report.person.forgotten")),
    p.here ? h("span", {class: "badge badge--soft"}, t("report.person.here")) : null),
    h("td", null, t(`role.${p.role}`)), cell(clock(p.attended / 1000), p.share === null ? "" : percent(p.share)), cell(number(p.messages)), cell(number(p.questions)),
    cell(number(p.votes)), cell(items ? `${number(p.right)} / ${number(p.answered)}` : "–"), cell(number(p.score), p.rank ? t("report.person.rank", {rank: p.rank}) : ""));
}

customElements.define("report-people", ReportPeople);
