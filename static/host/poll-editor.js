// @ts-check
/** @import {PollForm} from "./draft.js" */
import {limits} from "../client/protocol.js";
import {h, icon} from "../elements/dom.js";
import {errorText, t} from "../i18n.js";
import {choiceList, showProblems} from "./choice-list.js";
import {field, openDialog, select, switchField} from "./dialog.js";
import {pollData, pollProblems} from "./draft.js";

/**
 * Opens the poll editor on form, which holds what is written even when the
 * dialog is left. send is called with the poll's data and whether to open it
 * at once; the dialog closes when its promise is kept.
 * @param {object} options
 * @param {PollForm} options.form
 * @param {boolean} options.fresh a new poll, not a draft being changed
 * @param {(data: ReturnType<typeof pollData>, open: boolean) => Promise<unknown>} options.send
 */
export function editPoll({form, fresh, send}) {
  const choices = form.choices.map((text) => ({text, correct: false}));
  const text = h("textarea", {class: "textarea", rows: 2, maxLength: limits.title, value: form.text, data: {at: "text"}, autofocus: true,
    placeholder: t("host.poll.text.example")});
  text.addEventListener("input", () => (form.text = text.value));
  const most = h("div", {hidden: !form.several});
  const drawMost = () => {
    const n = Math.max(2, choices.length);
    form.max = Math.min(form.max, n);
    most.hidden = !form.several;
    most.replaceChildren(field(t("host.poll.max"), select(Array.from({length: n - 1}, (_, i) => ({value: i + 2, label: String(i + 2)})), form.max,
      (value) => (form.max = Number(value)))));
  };
  drawMost();
  const list = choiceList({choices, onchange: () => {
    form.choices = choices.map((choice) => choice.text);
    drawMost();
  }});
  const error = h("p", {class: "error", role: "alert"});
  /** @param {boolean} open */
  const submit = async (open) => {
    error.textContent = "";
    const problems = pollProblems(form);
    showProblems(body, problems);
    if (problems.length > 0) return;
    for (const button of [save, now]) button.disabled = true;
    try {
      await send(pollData(form), open);
      dialog.close();
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
    }
    for (const button of [save, now]) button.disabled = false;
  };
  const save = h("button", {type: "button", class: "btn", onclick: () => void submit(false)}, t("host.draft.save"));
  const now = h("button", {type: "button", class: "btn btn--primary", onclick: () => void submit(true)}, icon("play"), t("host.poll.now"));
  const body = h("div", {class: "stack"}, field(t("host.poll.text"), text),
    h("fieldset", {class: "stack"}, h("legend", {class: "label"}, t("host.choices")), list),
    h("div", {class: "stack edit-switches"},
      switchField(t("host.poll.several"), form.several, (on) => {
        form.several = on;
        drawMost();
      }), most,
      switchField(t("host.poll.hidden"), form.hidden, (on) => (form.hidden = on))), error);
  const dialog = openDialog({title: t(fresh ? "host.poll.new" : "host.poll.edit"), look: "dialog--edit", body: [body], foot: [save, now]});
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit(true);
  });
}
