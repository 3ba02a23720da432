// @ts-check
/** @import {Allowance, Member} from "../client/protocol.js" */
import {h, keyed, text} from "../elements/dom.js";
import {avatar} from "../elements/person.js";
import {number, t} from "../i18n.js";
import {openDialog, select} from "./dialog.js";

/** How many times the usual time somebody may have; 0 is no limit. */
const times = Object.freeze([1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 7, 10, 0]);

/**
 * Opens the dialog in which some members are given more time in quizzes: those
 * who have it, and whoever is looked for by name.
 * @param {object} options
 * @param {() => Allowance[]} options.allowed who has more time now
 * @param {(find: string) => Promise<Member[]>} options.find
 * @param {(data: {user: string, times?: number, untimed?: boolean}) => Promise<unknown>} options.send
 */
export function openMoreTime({allowed, find, send}) {
  const search = h("input", {class: "input", type: "search", placeholder: t("host.time.find"), aria: {label: t("host.time.find")}, autocomplete: "off", autofocus: true});
  const list = h("ul", {class: "more-time"});
  const none = h("p", {class: "faint"}, t("host.time.none"));
  let asked = 0;
  /** @type {{user: string, name: string}[]} */
  let found = [];

  const look = async () => {
    const turn = ++asked;
    const word = search.value.trim();
    try {
      const people = await find(word);
      if (turn !== asked) return;
      found = people.filter((p) => p.role === "viewer").map((p) => ({user: p.id, name: p.name}));
    } catch {
      found = []; // the page has shown why
    }
    draw();
  };

  function draw() {
    const has = allowed();
    const word = search.value.trim().toLowerCase();
    const rows = [...has.filter((a) => a.name.toLowerCase().includes(word)), ...found.filter((p) => !has.some((a) => a.user === p.user))];
    none.hidden = rows.length > 0;
    keyed(list, rows, (row) => row.user, (row) => {
      const pick = select(times.map((n) => ({value: n, label: label(n)})), 1, async (value) => {
        const n = Number(value);
        pick.disabled = true;
        try {
          await send(n === 0 ? {user: row.user, untimed: true} : {user: row.user, times: n});
        } catch {
          pick.value = pick.dataset.was ?? "1"; // the page has shown why
        }
        pick.disabled = false;
        pick.dataset.was = pick.value;
      });
      pick.setAttribute("aria-label", t("host.time.of", {name: row.name}));
      return h("li", {class: "more-time__row"}, avatar({id: row.user, name: row.name}), h("span", {class: "grow truncate"}), pick);
    }, (node, row) => {
      text(node.querySelector(".grow"), row.name);
      const pick = node.querySelector("select");
      const now = has.find((a) => a.user === row.user);
      const value = String(now?.untimed ? 0 : now?.times || 1);
      if (pick.disabled) return;
      if (![...pick.options].some((option) => option.value === value)) pick.append(h("option", {value}, label(Number(value))));
      pick.value = pick.dataset.was = value;
    });
  }

  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), 250);
  });
  openDialog({title: t("host.time"), look: "dialog--edit", body: [h("p", {class: "muted"}, t("host.time.text")), search, list, none], onclose: () => {
    asked++;
    clearTimeout(timer);
  }});
  draw();
  void look();
}

/** @param {number} n */
const label = (n) => (n === 0 ? t("host.time.untimed") : n === 1 ? t("host.time.usual") : t("host.time.times", {times: number(n)}));
