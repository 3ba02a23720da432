// @ts-check
/** @import {PollAct, PollKind} from "../client/protocol.js" */
/** @import {PollForm} from "./draft.js" */
import {limits} from "../client/protocol.js";
import {h, icon} from "../elements/dom.js";
import {errorText, t} from "../i18n.js";
import {choiceList, showProblems} from "./choice-list.js";
import {field, openDialog, select, switchField} from "./dialog.js";
import {hasChoices, maySecret, pollData, pollKinds, pollProblems} from "./draft.js";
import {thenList, weightList} from "./poll-extras.js";

/**
 * Opens the poll editor on form, which holds what is written even when the
 * dialog is left. send is called with the poll's data and whether to open it
 * at once; find looks for people by name; the dialog closes when the promise
 * of send is kept.
 * @param {object} options
 * @param {PollForm} options.form
 * @param {boolean} options.fresh a new poll, not a draft being changed
 * @param {(data: ReturnType<typeof pollData>, open: boolean) => Promise<unknown>} options.send
 * @param {(find: string) => Promise<{id: string, name: string}[]>} options.find
 */
export function editPoll({form, fresh, send, find}) {
  /** What follows and the picture belong to their choice, wherever that moves. @type {{text: string, correct: boolean, image?: string, then?: PollAct | null}[]} */
  const choices = form.choices.map((text, i) => ({text, correct: false, image: form.images[i], then: form.then[i]}));
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
  const then = thenList(choices, () => (form.then = choices.map((choice) => choice.then ?? null)));
  const list = choiceList({choices, images: true, onchange: () => {
    form.choices = choices.map((choice) => choice.text);
    form.images = choices.map((choice) => choice.image ?? "");
    form.then = choices.map((choice) => choice.then ?? null);
    drawMost();
    then.draw();
  }});
  const picking = h("fieldset", {class: "stack"}, h("legend", {class: "label"}, t("host.choices")), list);
  const several = h("div", {class: "stack edit-switches__part"}, switchField(t("host.poll.several"), form.several, (on) => {
    form.several = on;
    drawMost();
  }), most);
  const about = h("div", {class: "stack"});
  const weights = weightList(form.weights, find);
  const hidden = switchField(t("host.poll.hidden"), form.hidden, (on) => {
    form.hidden = on;
    draw();
  });
  const secret = switchField(t("host.poll.secret"), form.secret, (on) => {
    form.secret = on;
    draw();
  });
  const secretHint = h("p", {class: "hint"}, t("host.poll.secret.hint"));
  const asked = switchField(t("host.poll.asked"), form.asked, (on) => (form.asked = on));

  const draw = () => {
    picking.hidden = then.node.hidden = !hasChoices(form.kind);
    several.hidden = form.kind !== "choice";
    const isSecret = form.secret && maySecret(form.kind);
    secret.hidden = !maySecret(form.kind);
    hidden.hidden = weights.hidden = isSecret; // a secret poll is hidden until its close, and everybody counts once
    secretHint.hidden = !isSecret;
    asked.hidden = !form.hidden && !isSecret;
    about.replaceChildren(...(fields[form.kind]?.(form) ?? []));
    about.hidden = about.childElementCount === 0;
  };
  const kind = select(pollKinds.map((value) => ({value, label: t(`host.poll.kind.${value}`)})), form.kind, (value) => {
    form.kind = /** @type {PollKind} */ (value);
    draw();
  });

  const error = h("p", {class: "error", role: "alert"});
  /** @param {boolean} open */
  const submit = async (open) => {
    error.textContent = "";
    const problems = pollProblems(form);
    showProblems(body, problems);
    if (problems.some(({at}) => at.startsWith("then"))) then.node.open = true;
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
  const body = h("div", {class: "stack"}, field(t("host.poll.text"), text), field(t("host.poll.kind"), kind), picking, about,
    h("div", {class: "stack edit-switches"}, several,
      secret, secretHint, hidden, asked), then.node, weights, error);
  drawMost();
  then.draw();
  draw();
  const dialog = openDialog({title: t(fresh ? "host.poll.new" : "host.poll.edit"), look: "dialog--edit", body: [body], foot: [save, now]});
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit(true);
  });
}

/**
 * A field of the form that is text.
 * @param {PollForm} form
 * @param {"least" | "most" | "low" | "high"} name
 * @param {Record<string, any>} [props]
 */
function input(form, name, props) {
  const node = h("input", {class: "input", type: "text", value: form[name], autocomplete: "off", data: {at: name}, ...props});
  node.addEventListener("input", () => (form[name] = node.value));
  return node;
}

/** @param {number} from @param {number} to */
const numbers = (from, to) => Array.from({length: to - from + 1}, (_, i) => ({value: from + i, label: String(from + i)}));

/** @param {...HTMLElement} nodes */
const pair = (...nodes) => h("div", {class: "edit-pair"}, ...nodes);

/** What each kind needs beside its question. @type {Partial<Record<PollKind, (form: PollForm) => HTMLElement[]>>} */
const fields = {
  rating: (form) => [field(t("host.poll.stars"), select(numbers(2, limits.stars), form.stars, (value) => (form.stars = Number(value))))],
  scale: (form) => [pair(field(t("host.poll.from"), input(form, "least", {inputMode: "numeric", placeholder: "1"})),
    field(t("host.poll.to"), input(form, "most", {inputMode: "numeric", placeholder: "5"}))),
  pair(field(t("host.poll.low"), input(form, "low", {maxLength: limits.pollLabel})), field(t("host.poll.high"), input(form, "high", {maxLength: limits.pollLabel})))],
  number: (form) => [pair(field(t("host.poll.least"), input(form, "least", {inputMode: "decimal"})),
    field(t("host.poll.most"), input(form, "most", {inputMode: "decimal"})))],
  cloud: (form) => [field(t("host.poll.words"), select(numbers(1, limits.pollWords), form.words, (value) => (form.words = Number(value))),
    t("host.poll.words.hint"))],
};
