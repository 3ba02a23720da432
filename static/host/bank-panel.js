// @ts-check
/** @import {BankItem, FileFormat, Find, LeftOut} from "../client/bank.js" */
/** @import {QuizQuestion} from "../client/protocol.js" */
import * as bank from "../client/bank.js";
import {h, icon, iconButton, text} from "../elements/dom.js";
import {openMenu} from "../elements/menu.js";
import {announce, toast} from "../elements/toast.js";
import {errorText, number, t} from "../i18n.js";
import {bankItem} from "./bank-item.js";
import {toggled} from "./bank-rules.js";
import {openDialog, select} from "./dialog.js";
import {openImport} from "./import-dialog.js";
import {questionTypes} from "./quiz-draft.js";

/** Where the host is, and as whom. @typedef {{room: string, token: string}} Desk */
/**
 * What becomes of questions that are picked: what the button says, and what it does. add returns whether they
 * were taken.
 * @typedef {{label: (n: number) => string, add: (questions: QuizQuestion[]) => boolean}} Use
 */

/** How many tags are shown. */
const mostTags = 40;

/** How long typing rests before it is searched for. */
const rest = 250;

/**
 * Opens the question bank: to search, sort through, draw from, and take
 * questions into a quiz.
 * @param {object} options
 * @param {Desk} options.desk
 * @param {Use} options.use
 * @param {(question: QuizQuestion, save: (data: object) => Promise<unknown>) => void} options.edit opens an editor for one question
 */
export function openBank({desk, use, edit}) {
  const {token} = desk;
  /** @type {Required<Find>} */
  const find = {q: "", tags: [], type: ""};
  /** @type {Map<number, QuizQuestion>} */
  const picked = new Map();
  let next = 0;
  let asked = 0; // the newest search; an older one that is answered later is not shown

  const search = h("input", {class: "input", type: "search", placeholder: t("host.bank.search"), aria: {label: t("host.bank.search")}, autofocus: true, autocomplete: "off"});
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      find.q = search.value.trim();
      void look();
    }, rest);
  });
  const type = select([{value: "", label: t("host.bank.types")}, ...questionTypes.map((value) => ({value, label: t(`host.quiz.type.${value}`)}))], "", (value) => {
    find.type = value;
    void look();
  });
  type.setAttribute("aria-label", t("host.quiz.type"));
  const tags = h("div", {class: "cluster bank__tags", role: "group", aria: {label: t("host.quiz.tags")}});
  const found = h("p", {class: "small faint", role: "status"});
  const list = h("ol", {class: "bank-list"});
  const more = h("button", {type: "button", class: "btn btn--block", hidden: true, onclick: () => void look(next)}, t("host.bank.more"));
  const none = h("div", {class: "empty", hidden: true}, icon("book"), h("p", {class: "empty__title"}), h("p", {class: "empty__text"}));
  const error = h("p", {class: "error", role: "alert"});
  const undo = h("div", {class: "bank__undo", role: "status"});

  const many = h("input", {class: "input bank__many", type: "number", min: "1", max: "100", value: "5", aria: {label: t("host.bank.draw.n")}});
  const drawn = h("button", {type: "button", class: "btn", onclick: () => void draw()}, icon("spark"), t("host.bank.draw"));
  const exported = h("button", {type: "button", class: "btn btn--quiet", aria: {haspopup: "menu"}, onclick: () => openMenu(exported, exportItems((format) => bank.saveBank(token, find, format, t("host.bank"))))},
    icon("share"), t("host.export"));
  const go = h("button", {type: "button", class: "btn btn--primary", onclick: () => {
    if (use.add([...picked.values()])) dialog.close();
  }}, icon("plus"), h("span"));

  /** Shows the questions that fit, or goes on below id. @param {number} [below] */
  async function look(below) {
    const mine = ++asked;
    error.textContent = "";
    try {
      const page = await bank.find(token, find, below);
      if (mine !== asked || !dialog.isConnected) return;
      if (!below) list.replaceChildren();
      const at = list.childElementCount;
      list.append(...page.questions.map(row));
      if (below) /** @type {HTMLElement | null} */ (list.children[at]?.querySelector("input"))?.focus();
      next = page.next;
      more.hidden = next === 0;
      count(page.total);
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
    }
  }

  /** @param {number} total */
  function count(total) {
    const all = !find.q && !find.type && find.tags.length === 0;
    text(found, t("host.bank.found", {n: total}));
    none.hidden = total > 0;
    text(/** @type {Element} */ (none.querySelector(".empty__title")), t(all ? "host.bank.empty" : "host.bank.none"));
    text(/** @type {Element} */ (none.querySelector(".empty__text")), t(all ? "host.bank.empty.text" : "host.bank.none.text"));
    drawn.disabled = exported.disabled = total === 0;
    pick();
  }

  function pick() {
    text(/** @type {Element} */ (go.querySelector("span")), use.label(picked.size));
    go.disabled = picked.size === 0;
  }

  /** @param {BankItem} item */
  function row({id, question}) {
    const small = "btn btn--icon btn--quiet btn--small";
    /** @type {HTMLElement} */
    const node = bankItem(question, {
      picked: picked.has(id),
      onpick: (on) => {
        if (on) picked.set(id, question);
        else picked.delete(id);
        pick();
      },
      buttons: [
        iconButton("edit", t("host.draft.edit"), {class: small, onclick: () => edit(question, async (data) => {
          const changed = await bank.change(token, id, data);
          if (picked.has(id)) picked.set(id, changed.question);
          node.replaceWith(row(changed));
          void drawTags();
        })}),
        iconButton("trash", t("host.draft.drop"), {class: small, onclick: () => void remove(id, node)}),
      ],
    });
    return node;
  }

  /** Takes a question out at once; it can be put back. @param {number} id @param {HTMLElement} node */
  async function remove(id, node) {
    error.textContent = "";
    try {
      const {question} = await bank.remove(token, id);
      picked.delete(id);
      const beside = node.nextElementSibling ?? node.previousElementSibling;
      /** @type {HTMLElement} */ (beside?.querySelector("input") ?? search).focus();
      await Promise.all([look(), drawTags()]);
      const back = h("button", {type: "button", class: "btn btn--small", onclick: async () => {
        undo.replaceChildren();
        try {
          await bank.add(token, [question]);
          announce(t("mod.undone"));
          search.focus();
          await Promise.all([look(), drawTags()]);
        } catch (err) {
          error.textContent = errorText(/** @type {any} */ (err));
        }
      }}, icon("undo"), t("mod.undo"));
      undo.replaceChildren(h("span", {class: "grow"}, t("host.bank.removed")), back);
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
    }
  }

  /** Draws questions at random from what is shown. */
  async function draw() {
    error.textContent = "";
    const n = Math.min(100, Math.max(1, Math.trunc(Number(many.value)) || 1));
    many.value = String(n);
    try {
      const {questions} = await bank.draw(token, find, n);
      if (questions.length > 0 && use.add(questions.map(({question}) => question))) dialog.close();
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
    }
  }

  async function drawTags() {
    try {
      const all = (await bank.tags(token)).tags;
      const shown = all.filter(({tag}, i) => i < mostTags || find.tags.includes(tag));
      const focused = tags.contains(document.activeElement) ? document.activeElement?.getAttribute("data-tag") : null;
      tags.replaceChildren(...shown.map(({tag, count}) => h("button", {type: "button", class: "chip", data: {tag}, aria: {pressed: String(find.tags.includes(tag))}, onclick: () => {
        find.tags = toggled(find.tags, tag);
        void look();
        void drawTags();
      }}, tag, h("span", {class: "faint numeric"}, number(count)))));
      tags.hidden = shown.length === 0;
      if (focused) /** @type {HTMLElement | undefined} */ ([...tags.children].find((chip) => chip.getAttribute("data-tag") === focused))?.focus();
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
    }
  }

  const brought = h("button", {type: "button", class: "btn btn--quiet", onclick: () => openImport({
    desk, use: {...use, add: (questions) => {
      const taken = use.add(questions);
      if (taken) dialog.close();
      return taken;
    }},
    onsaved: () => {
      void look();
      void drawTags();
    },
  })}, icon("plus"), t("host.import.open"));
  const dialog = openDialog({
    title: t("host.bank"), look: "dialog--edit dialog--wide dialog--bank",
    body: [h("div", {class: "bank__search"}, search, type), tags,
      h("div", {class: "bank__bar"}, found, h("div", {class: "row bank__draw"}, many, drawn)), undo, error, list, none, more],
    foot: [h("div", {class: "bank__foot"}, brought, exported, h("span", {class: "grow"}), go)],
    onclose: () => clearTimeout(timer),
  });
  pick();
  void look();
  void drawTags();
}

/**
 * The formats to save questions in, for a menu. What a file does not hold is told afterwards.
 * @param {(format: FileFormat) => Promise<LeftOut>} save
 * @returns {import("../elements/menu.js").MenuItem[]}
 */
export const exportItems = (save) => bank.fileFormats.map((format) => ({label: t(`host.export.${format}`), act: () => {
  save(format).then(({count, skipped, notes}) => {
    if (count > 0) toast(`${t("host.export.left", {n: count})} ${skipped[0]?.reason ?? ""}`, {kind: "danger", seconds: 12});
    else if (notes > 0) toast(t("host.export.notes", {n: notes}), {seconds: 10});
    else announce(t("host.export.done"));
  }, (err) => toast(errorText(err), {kind: "danger"}));
}}));
