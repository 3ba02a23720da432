// @ts-check
/** @import {Report} from "./types.js" */
import {ApiError} from "../client/api.js";
import {h, icon, text} from "../elements/dom.js";
import {openMenu} from "../elements/menu.js";
import "../elements/site-menu.js";
import {toast} from "../elements/toast.js";
import {openDialog} from "../host/dialog.js";
import {date, dateWithin, errorText, onLang, t, time} from "../i18n.js";
import "./people-table.js";
import {pulse, timeline} from "./plots.js";
import {board, comments, detail, figures, opinions, quizzes} from "./sections.js";
import {download, person, Source} from "./source.js";

/** The tables that can be saved one by one. */
const tables = ["people", "questions", "answers", "polls", "board", "comments", "themes", "timeline", "attendance", "votes", "surveys", "class"];

/**
 * Draws node's content anew. Details that are open stay open.
 * @param {HTMLElement} node
 * @param {Node | null} content
 */
function redraw(node, content) {
  const open = new Set([...node.querySelectorAll("details[open]")].map((one) => /** @type {HTMLElement} */ (one).dataset.key));
  const held = document.activeElement?.closest("details");
  const key = held && node.contains(held) ? held.dataset.key : undefined;
  node.replaceChildren(...(content ? [content] : []));
  for (const one of node.querySelectorAll("details")) {
    if (open.has(one.dataset.key)) one.open = true;
    if (key !== undefined && one.dataset.key === key) one.querySelector("summary")?.focus();
  }
}

/**
 * The report's page once its reader is in. It draws what the server says, part
 * by part, and only the parts that have changed.
 */
export class ReportPage {
  #app;
  #room;
  #token;
  #source;
  /** @type {Report | null} */ #report = null;
  /** -1: the newest. */ #sitting = -1;
  /** What each part shows now. @type {Map<HTMLElement, string>} */ #drawn = new Map();
  /** @type {(() => void)[]} */ #ends = [];
  #failed = /** @type {ApiError | null} */ (null);
  #progress = -1;

  /** @param {HTMLElement} app @param {{room: string, token: string, back: (err: ApiError) => void}} options back: the reader has to come in again */
  constructor(app, {room, token, back}) {
    this.#app = app;
    this.#room = room;
    this.#token = token;
    this.#source = new Source(room, token);
    const on = (/** @type {string} */ type, /** @type {(detail: any) => void} */ fn) =>
      this.#source.addEventListener(type, (event) => fn(/** @type {CustomEvent} */ (event).detail));
    on("report", (report) => {
      this.#failed = null;
      this.#progress = -1;
      this.#report = report ?? this.#report;
      this.#draw();
    });
    on("progress", ({seq, last}) => {
      this.#failed = null;
      this.#progress = last ? seq / last : 0;
      this.#draw();
    });
    on("failed", (err) => {
      if (err.status === 401 || err.status === 403) return back(err);
      this.#failed = err;
      this.#draw();
    });
    this.#layout();
    this.#draw();
    this.#ends.push(onLang(() => {
      this.#drawn.clear();
      this.#layout();
      this.#draw();
    }));
    const sizes = new ResizeObserver(() => this.#plots());
    sizes.observe(app);
    this.#ends.push(() => sizes.disconnect());
    void this.#source.ask();
  }

  close() {
    this.#source.close();
    for (const end of this.#ends) end();
  }

  #layout() {
    this.title = h("h1", {class: "report__title display", dir: "auto"}, this.#room);
    this.phase = h("span", {class: "badge"});
    this.fresh = h("p", {class: "hint report__fresh"});
    this.note = h("div", {class: "report__note", role: "status"});
    this.menu = /** @type {any} */ (h("site-menu"));
    const csv = h("button", {type: "button", class: "btn btn--small", aria: {haspopup: "menu", expanded: "false"}}, t("report.csv"), icon("chevron-down"));
    csv.onclick = () => openMenu(csv, tables.map((name) => ({label: t(`report.table.${name}`), act: () => void this.#save(name)})));
    this.tools = h("div", {class: "report__tools"},
      h("button", {type: "button", class: "btn btn--small btn--primary", onclick: () => void this.#save("")}, t("report.xlsx")), csv,
      h("button", {type: "button", class: "btn btn--small", onclick: () => print()}, t("report.print")));
    this.sittings = h("select", {class: "select report__sitting", aria: {label: t("report.sitting")}, onchange: () => {
      this.#sitting = Number(this.sittings?.value ?? -1);
      this.#plots();
    }});
    this.lines = h("div");
    this.mood = h("div");
    this.figures = h("div");
    this.comments = h("div");
    this.quizzes = h("div");
    this.opinions = h("div");
    this.board = h("div");
    this.people = /** @type {import("./people-table.js").ReportPeople} */ (h("report-people"));
    this.people.addEventListener("person-open", (event) => void this.#open(/** @type {CustomEvent} */ (event).detail));
    const section = (/** @type {string} */ name, /** @type {(Node | null)[]} */ ...nodes) => h("section", {class: "report__section", id: name, aria: {labelledby: `h-${name}`}}, h("h2", {id: `h-${name}`}, t(`report.${name}`)), ...nodes);
    this.parts = h("div", {class: "report__parts", hidden: true}, this.figures,
      section("timeline", this.sittings, h("div", {class: "card stack"}, this.lines, this.mood)), section("comments", this.comments), section("quizzes", this.quizzes),
      section("polls", this.opinions), section("board", this.board), section("people", h("div", {class: "card stack"}, this.people)));
    this.contents = h("nav", {class: "report__nav", hidden: true, aria: {label: t("report.contents")}},
      ...["timeline", "comments", "quizzes", "polls", "board", "people"].map((name) => h("a", {class: "chip", href: `#${name}`}, t(`report.${name}`))));
    this.#app.replaceChildren(h("a", {class: "skip", href: "#report"}, t("report.skip")),
      h("header", {class: "masthead report__masthead"}, h("a", {class: "brand", href: "/"}, h("img", {src: "/static/icons/mark.svg", alt: "", width: 32, height: 32}), h("span", {class: "report__brand"}, "Lyceum")),
        h("span", {class: "push"}), this.menu),
      h("main", {class: "page report", id: "report", tabIndex: -1}, h("div", {class: "report__head"}, h("div", {class: "report__names"}, h("p", {class: "eyebrow"}, t("report.page")), h("div", {class: "row"}, this.title, this.phase), this.fresh), this.tools),
        this.note, this.contents, this.parts));
  }

  #draw() {
    const {note, parts, contents, tools, title, phase, fresh} = this;
    if (!note || !parts || !contents || !tools || !title || !phase || !fresh) return;
    const report = this.#report;
    parts.hidden = contents.hidden = tools.hidden = phase.hidden = !report;
    this.#say(note);
    if (!report) return;
    document.title = `${report.title} · ${t("report.page")} · Lyceum`;
    text(title, report.title);
    phase.className = report.phase === "live" ? "badge badge--live" : "badge";
    text(phase, t(`phase.${report.phase}`));
    text(fresh, report.at ? [t("report.as_of", {at: dateWithin(report.at)}), report.phase === "live" ? t("report.live") : "", report.partial ? t("report.partial", {since: dateWithin(report.since ?? 0)}) : ""].filter(Boolean).join(" ") : "");
    this.#part(this.figures, [report.class, report.comments.feeling], () => figures(report));
    this.#plots();
    this.#part(this.comments, report.comments, () => comments(report));
    this.#part(this.quizzes, report.quizzes, () => quizzes(report.quizzes));
    this.#part(this.opinions, [report.polls, report.surveys], () => opinions(report.polls, report.surveys));
    this.#part(this.board, report.board, () => board(report));
    if (this.people) this.people.view = {people: report.people, items: report.class.items};
  }

  /** Says what stands in the way, or nothing. @param {HTMLElement} note */
  #say(note) {
    const again = () => h("button", {type: "button", class: "btn btn--small", onclick: () => void this.#source.ask()}, t("report.again"));
    if (this.#failed) {
      const words = errorText(this.#failed);
      note.replaceChildren(this.#report ? h("p", {class: "banner"}, icon("offline"), words) :
        h("div", {class: "empty"}, icon("alert"), h("p", {class: "empty__title"}, t("report.failed")), h("p", {class: "empty__text"}, words), again()));
    } else if (!this.#report) {
      note.replaceChildren(h("div", {class: "empty"}, h("span", {class: "spinner"}), h("p", {class: "empty__title"}, t("report.loading")),
        this.#progress >= 0 ? h("progress", {max: 1, value: this.#progress, aria: {label: t("report.loading")}}) : null));
    } else if (this.#report.seq === 0 || this.#report.class.people === 0) {
      note.replaceChildren(h("div", {class: "empty"}, icon("history"), h("p", {class: "empty__title"}, t("report.empty")), h("p", {class: "empty__text"}, t("report.empty.text"))));
    } else note.replaceChildren();
  }

  /** @param {HTMLElement | undefined} node @param {unknown} data @param {() => Node | null} make */
  #part(node, data, make) {
    if (!node) return;
    const now = JSON.stringify(data);
    if (this.#drawn.get(node) === now) return;
    this.#drawn.set(node, now);
    redraw(node, make());
  }

  /** Draws the lines of time, as wide as there is room. */
  #plots() {
    const report = this.#report;
    const {lines, mood, sittings} = this;
    if (!report || !lines || !mood || !sittings) return;
    const list = report.sittings;
    const sitting = this.#sitting >= 0 && this.#sitting < list.length ? this.#sitting : list.length - 1;
    sittings.hidden = list.length < 2;
    this.#part(sittings, list.map(({from}) => from), () => {
      const options = document.createDocumentFragment();
      list.forEach(({from, to}, i) => options.append(h("option", {value: String(i)}, `${date(from)}${to ? `–${time(to)}` : ""}`)));
      return options;
    });
    sittings.value = String(sitting);
    const width = Math.floor(lines.clientWidth);
    if (width < 100) return;
    const view = {sitting, width};
    this.#part(lines, [view, report.points, report.marks, report.step, list], () => timeline(report, view));
    this.#part(mood, [view, report.pulse, list], () => pulse(report, view));
  }

  /** @param {string} name of a table, "" for the workbook */
  async #save(name) {
    try {
      await download(this.#room, this.#token, name);
    } catch (err) {
      toast(errorText(/** @type {any} */ (err)), {kind: "danger"});
    }
  }

  /** @param {{id: string, name: string}} who */
  async #open({id, name}) {
    try {
      openDialog({title: name || t("report.person.forgotten"), body: detail(await person(this.#room, this.#token, id)), look: "report__dialog"});
    } catch (err) {
      toast(errorText(/** @type {any} */ (err)), {kind: "danger"});
    }
  }
}
