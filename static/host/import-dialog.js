// @ts-check
/** @import {Imported, Skipped} from "../client/bank.js" */
/** @import {QuizQuestion} from "../client/protocol.js" */
/** @import {Desk, Use} from "./bank-panel.js" */
import * as bank from "../client/bank.js";
import {h, icon} from "../elements/dom.js";
import {announce, toast} from "../elements/toast.js";
import {errorText, t} from "../i18n.js";
import {bankItem} from "./bank-item.js";
import {openDialog} from "./dialog.js";

/** What browsers offer when a file is chosen; whatever is chosen is read. */
const usual = ".gift,.txt,.xml,.zip,.csv,.tsv,.xlsx,.qti";

/**
 * Opens the dialog that reads files of questions: they are dropped or chosen,
 * shown with what was skipped and why, and those that stay checked go where
 * the person says.
 * @param {object} options
 * @param {Desk} options.desk
 * @param {Use} options.use into which quiz they go
 * @param {() => void} [options.onsaved] the bank has got more questions
 */
export function openImport({desk, use, onsaved}) {
  /** @type {Imported} */
  let read = {questions: [], skipped: [], notes: []};
  /** @type {Set<QuizQuestion>} */
  const picked = new Set();
  let busy = false;

  const input = h("input", {type: "file", multiple: true, accept: usual, class: "sr-only", aria: {label: t("host.import.choose")}});
  input.addEventListener("change", () => {
    void take([...(input.files ?? [])]);
    input.value = ""; // the same file may be chosen again
  });
  const zone = h("div", {class: "drop"}, icon("book"), h("p", {class: "drop__title"}, t("host.import.drop")),
    h("p", {class: "small muted"}, t("host.import.formats")),
    h("label", {class: "btn drop__choose"}, input, t("host.import.choose")));
  const error = h("p", {class: "error", role: "alert"});
  const shown = h("div", {class: "stack import__read", hidden: true});
  const keep = h("button", {type: "button", class: "btn", onclick: () => void save()}, icon("book"), h("span"));
  const go = h("button", {type: "button", class: "btn btn--primary", onclick: () => {
    if (use.add(chosen())) dialog.close();
  }}, icon("plus"), h("span"));
  const foot = h("div", {class: "import__foot", hidden: true}, keep, go);

  const chosen = () => read.questions.filter((question) => picked.has(question));

  /** Reads files one after another; one that cannot be read does not stop the rest. @param {File[]} files */
  async function take(files) {
    if (busy || files.length === 0) return;
    busy = true;
    error.textContent = "";
    zone.setAttribute("aria-busy", "true");
    announce(t("host.import.reading"));
    /** @type {Imported} */
    const all = {questions: [], skipped: [], notes: []};
    /** @type {string[]} */
    const refused = [];
    for (const file of files) {
      try {
        const one = await bank.readFile(desk.room, desk.token, file);
        const from = (/** @type {Skipped} */ skipped) => (files.length > 1 ? {...skipped, id: [file.name, skipped.id].filter(Boolean).join(" · ")} : skipped);
        all.notes.push(...one.notes.map((note) => ({...note, question: note.question + all.questions.length})));
        all.questions.push(...one.questions);
        all.skipped.push(...one.skipped.map(from));
      } catch (err) {
        refused.push(`${file.name}: ${errorText(/** @type {any} */ (err))}`);
      }
    }
    busy = false;
    zone.removeAttribute("aria-busy");
    error.textContent = refused.join("\n");
    if (refused.length === files.length) return; // what was read before stays
    read = all;
    picked.clear();
    for (const question of read.questions) picked.add(question);
    show();
  }

  function show() {
    zone.classList.add("drop--small");
    shown.hidden = foot.hidden = false;
    const list = h("ol", {class: "bank-list"}, ...read.questions.map((question, i) => bankItem(question, {
      picked: true, notes: read.notes.filter((note) => note.question === i).map((note) => note.reason),
      onpick: (on) => {
        if (on) picked.add(question);
        else picked.delete(question);
        count();
      },
    })));
    const all = h("input", {type: "checkbox", checked: true});
    all.addEventListener("change", () => {
      for (const box of list.querySelectorAll("input")) {
        box.checked = all.checked;
        box.dispatchEvent(new Event("change"));
      }
    });
    const found = h("h3", {class: "import__found", tabIndex: -1}, t("host.import.found", {n: read.questions.length}));
    shown.replaceChildren(h("div", {class: "import__head"}, found,
      read.questions.length > 1 ? h("label", {class: "check"}, all, t("host.import.all")) : null),
      list, skippedList(read.skipped) ?? "");
    count();
    found.focus(); // which reads it out
  }

  function count() {
    const n = picked.size;
    /** @type {HTMLElement} */ (keep.querySelector("span")).textContent = t("host.import.keep", {n});
    /** @type {HTMLElement} */ (go.querySelector("span")).textContent = use.label(n);
    keep.disabled = go.disabled = n === 0;
  }

  async function save() {
    keep.disabled = true;
    error.textContent = "";
    try {
      const {added, known} = await bank.add(desk.token, chosen());
      onsaved?.();
      toast(t("host.bank.kept", {n: added}) + (known > 0 ? ` ${t("host.bank.known", {n: known})}` : ""));
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
    }
    count();
  }

  const dialog = openDialog({title: t("host.import"), look: "dialog--edit dialog--wide dialog--import", body: [zone, error, shown], foot: [foot]});
  // A file may be dropped anywhere on the dialog; beside its place, a browser would leave the page for it.
  dialog.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.add("drop--over");
  });
  dialog.addEventListener("dragleave", (event) => {
    if (!dialog.contains(/** @type {Node | null} */ (event.relatedTarget))) zone.classList.remove("drop--over");
  });
  dialog.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("drop--over");
    void take([...(event.dataTransfer?.files ?? [])]);
  });
}

/** What was not read, with where it is and why. @param {Skipped[]} skipped */
export function skippedList(skipped) {
  if (skipped.length === 0) return null;
  return h("details", {class: "skipped", open: true}, h("summary", null, icon("alert"), t("host.import.skipped", {n: skipped.length})),
    h("ul", {class: "skipped__list"}, ...skipped.map(({line, id, reason}) => h("li", {class: "skipped__item"},
      h("span", {class: "skipped__where numeric"}, line > 0 ? t("host.import.line", {line}) : ""),
      h("span", null, id ? h("strong", null, id) : null, id ? " " : null, reason)))));
}
