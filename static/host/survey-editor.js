// @ts-check
/** @import {SurveyType} from "../client/protocol.js" */
/** @import {ItemForm, SurveyForm} from "./survey-draft.js" */
import {limits} from "../client/protocol.js";
import {h, icon, iconButton} from "../elements/dom.js";
import {errorText, number, t} from "../i18n.js";
import {choiceList, showProblems} from "./choice-list.js";
import {field, openDialog, select, switchField} from "./dialog.js";
import {hours, itemTypes, newItem, surveyData, surveyProblems, templates} from "./survey-draft.js";

/**
 * Opens the survey editor on form, which holds what is written even when the
 * dialog is left. send is called with the survey's data and whether to open it
 * at once; the dialog closes when its promise is kept. Alt+↑ and Alt+↓ move an
 * item.
 * @param {object} options
 * @param {SurveyForm} options.form
 * @param {boolean} options.fresh a new survey, not a draft being changed
 * @param {(data: ReturnType<typeof surveyData>, open: boolean) => Promise<unknown>} options.send
 */
export function editSurvey({form, fresh, send}) {
  const title = h("input", {class: "input", maxLength: limits.title, value: form.title, data: {at: "title"}, autofocus: true, autocomplete: "off",
    placeholder: t("host.survey.template.course.title")});
  title.addEventListener("input", () => (form.title = title.value));
  const list = h("ol", {class: "edit-questions"});
  const add = h("button", {type: "button", class: "btn btn--block", onclick: () => insert(form.items.length, newItem())}, icon("plus"), t("host.survey.add"));
  const ready = h("div", {class: "cluster", role: "group", aria: {label: t("host.survey.from")}}, h("span", {class: "small faint"}, t("host.survey.from")),
    .../** @type {const} */ (["course", "nps"]).map((name) => h("button", {type: "button", class: "chip", onclick: () => {
      const {anonymous, hours} = form;
      Object.assign(form, templates[name](t), {anonymous, hours});
      title.value = form.title;
      draw(0);
      drawWhen();
    }}, icon("spark"), t(`host.survey.template.${name}.name`))));

  /** @param {number} [focus] the item to put the focus in */
  function draw(focus) {
    list.replaceChildren(...form.items.map(card));
    add.disabled = form.items.length >= limits.surveyItems;
    if (focus === undefined) return;
    const input = list.children[focus]?.querySelector("textarea");
    input?.focus();
    input?.scrollIntoView({block: "nearest"});
  }

  /** @param {number} at @param {ItemForm} item */
  function insert(at, item) {
    if (form.items.length >= limits.surveyItems) return;
    form.items.splice(at, 0, item);
    draw(at);
  }

  /** @param {number} from @param {number} to */
  function move(from, to) {
    if (to < 0 || to >= form.items.length) return;
    form.items.splice(to, 0, ...form.items.splice(from, 1));
    draw(to);
  }

  /** @param {ItemForm} item @param {number} i */
  function card(item, i) {
    const text = h("textarea", {class: "textarea", rows: 1, maxLength: limits.title, value: item.text, data: {at: `item${i}`},
      placeholder: t("host.survey.item.example"), aria: {label: t("host.survey.item", {n: i + 1})}});
    text.addEventListener("input", () => (item.text = text.value));
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) event.preventDefault(); // one line, however long
    });
    const more = h("div", {class: "stack"});
    const drawMore = () => more.replaceChildren(...(item.type !== "choice" ? [] : [
      h("fieldset", {class: "stack"}, h("legend", {class: "label"}, t("host.choices")), choiceList({choices: item.choices, name: `item${i}-`, onchange: () => {}})),
      switchField(t("host.poll.several"), item.several, (on) => (item.several = on))]));
    drawMore();
    const type = select(itemTypes.map((value) => ({value, label: t(`host.survey.type.${value}`)})), item.type, (value) => {
      item.type = /** @type {SurveyType} */ (value);
      drawMore();
    });
    type.setAttribute("aria-label", t("host.survey.type"));
    type.classList.add("edit-question__type");
    const small = "btn btn--icon btn--quiet btn--small";
    const node = h("li", {class: "edit-question"},
      h("div", {class: "edit-question__head"}, h("span", {class: "edit-question__place numeric"}, number(i + 1)), type, h("span", {class: "grow"}),
        iconButton("chevron-up", t("host.quiz.up"), {class: small, disabled: i === 0, onclick: () => move(i, i - 1)}),
        iconButton("chevron-down", t("host.quiz.down"), {class: small, disabled: i + 1 === form.items.length, onclick: () => move(i, i + 1)}),
        iconButton("trash", t("host.survey.remove"), {class: small, disabled: form.items.length === 1, onclick: () => {
          form.items.splice(i, 1);
          draw(Math.min(i, form.items.length - 1));
        }})),
      text, more, switchField(t("host.survey.required"), item.required, (on) => (item.required = on)));
    node.addEventListener("keydown", (event) => {
      const by = event.altKey ? {ArrowUp: -1, ArrowDown: 1}[event.key] : undefined;
      if (by === undefined) return;
      event.preventDefault();
      move(i, i + by);
    });
    return node;
  }

  const when = h("div", {class: "stack edit-switches"});
  const drawWhen = () => {
    const hint = h("p", {class: "hint", hidden: !form.anonymous}, t("host.survey.anonymous.hint"));
    const named = h("p", {class: "hint", hidden: form.anonymous}, t("host.survey.named.hint"));
    when.replaceChildren(
      switchField(t("host.survey.end"), form.atEnd, (on) => {
        form.atEnd = on;
        now.hidden = on;
      }),
      switchField(t("host.survey.anonymous"), form.anonymous, (on) => {
        form.anonymous = on;
        hint.hidden = !on;
        named.hidden = on;
      }), hint, named,
      field(t("host.survey.hours"), select([...new Set([...hours, form.hours])].sort((a, b) => a - b).map((n) => ({value: n, label: t("host.survey.hours.of", {n})})), form.hours,
        (value) => (form.hours = Number(value))), t("host.survey.hours.hint")));
    now.hidden = form.atEnd;
  };

  const error = h("p", {class: "error", role: "alert"});
  /** @param {boolean} open */
  const submit = async (open) => {
    error.textContent = "";
    const problems = surveyProblems(form);
    showProblems(body, problems);
    if (problems.length > 0) return;
    for (const button of [save, now]) button.disabled = true;
    try {
      await send(surveyData(form), open);
      dialog.close();
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
    }
    for (const button of [save, now]) button.disabled = false;
  };
  const save = h("button", {type: "button", class: "btn", onclick: () => void submit(false)}, t("host.draft.save"));
  const now = h("button", {type: "button", class: "btn btn--primary", onclick: () => void submit(true)}, icon("play"), t("host.poll.now"));
  const body = h("div", {class: "stack"}, ready, field(t("host.survey.title"), title), list, add, when, error);
  draw();
  drawWhen();
  const dialog = openDialog({title: t(fresh ? "host.survey.new" : "host.survey.edit"), look: "dialog--edit dialog--wide", body: [body], foot: [save, now]});
}
