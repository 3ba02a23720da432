// @ts-check
/** @import {QuestionForm, QuizForm} from "./quiz-draft.js" */
/** @import {QuizQuestion, QuizType, Scoring} from "../client/protocol.js" */
/** @import {Desk} from "./bank-panel.js" */
import {limits} from "../client/protocol.js";
import {h, icon, iconButton} from "../elements/dom.js";
import {errorText, number, t} from "../i18n.js";
import {showProblems} from "./choice-list.js";
import {field, openDialog, select, switchField} from "./dialog.js";
import {questionFields, questionMedia} from "./question-fields.js";
import {quizTools} from "./quiz-tools.js";
import {newQuestion, newQuiz, points, questionForm, questionTypes, quizData, quizProblems, seconds, streaks} from "./quiz-draft.js";

/** True and false, in the author's language. */
export const sides = () => [t("host.quiz.true"), t("host.quiz.false")];

/**
 * Opens the quiz editor on form, which holds what is written even when the
 * dialog is left. send is called with the quiz's data and whether to ask its
 * first question at once; the dialog closes when its promise is kept.
 * Ctrl+Enter saves, Alt+↑ and Alt+↓ move a question.
 * @param {object} options
 * @param {QuizForm} options.form
 * @param {boolean} options.fresh a new quiz, not a draft being changed
 * @param {(data: ReturnType<typeof quizData>, start: boolean) => Promise<unknown>} options.send
 * @param {Desk} [options.desk] with it there are files and the question bank
 * @param {boolean} [options.only] one question alone is edited, which belongs to no quiz
 */
export function editQuiz({form, fresh, send, desk, only = false}) {
  const title = h("input", {class: "input", maxLength: limits.title, value: form.title, data: {at: "title"}, autofocus: true, autocomplete: "off",
    placeholder: t("host.quiz.title.example")});
  title.addEventListener("input", () => (form.title = title.value));
  const list = h("ol", {class: "edit-questions"});
  const add = h("button", {type: "button", class: "btn btn--block", onclick: () => insert(form.questions.length, {...newQuestion(sides()), type: form.questions.at(-1)?.type ?? "choice"})},
    icon("plus"), t("host.quiz.add"));

  /** @param {number} [focus] the question to put the focus in */
  function draw(focus) {
    list.replaceChildren(...form.questions.map(card));
    add.disabled = form.questions.length >= limits.questions;
    if (focus === undefined) return;
    const input = list.children[focus]?.querySelector("textarea");
    input?.focus();
    input?.scrollIntoView({block: "nearest"});
  }

  /** @param {number} at @param {QuestionForm} question */
  function insert(at, question) {
    if (form.questions.length >= limits.questions) return;
    form.questions.splice(at, 0, question);
    draw(at);
  }

  /** @param {number} from @param {number} to */
  function move(from, to) {
    if (to < 0 || to >= form.questions.length) return;
    form.questions.splice(to, 0, ...form.questions.splice(from, 1));
    draw(to);
  }

  /** @param {QuestionForm} question @param {number} i */
  function card(question, i) {
    const text = h("textarea", {class: "textarea", rows: 1, maxLength: limits.question, value: question.text, data: {at: `${i}`},
      placeholder: t("host.quiz.text.example"), aria: {label: t("host.quiz.text", {n: i + 1})}});
    text.addEventListener("input", () => (question.text = text.value));
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      /** @type {HTMLElement | null} */ (node.querySelector(".edit-question__key :is(input, textarea)"))?.focus();
    });
    const media = h("div", null, ...questionMedia(question, i));
    const key = h("div", {class: "edit-question__key"}, questionFields(question, i));
    const type = select(questionTypes.map((value) => ({value, label: t(`host.quiz.type.${value}`)})), question.type, (value) => {
      question.type = /** @type {QuizType} */ (value);
      media.replaceChildren(...questionMedia(question, i));
      key.replaceChildren(questionFields(question, i));
    });
    type.setAttribute("aria-label", t("host.quiz.type"));
    type.classList.add("edit-question__type");
    const explanation = h("textarea", {class: "textarea", rows: 1, maxLength: limits.question, value: question.explanation});
    explanation.addEventListener("input", () => (question.explanation = explanation.value));
    const tags = h("input", {class: "input", value: question.tags, autocomplete: "off", placeholder: t("host.quiz.tags.example")});
    tags.addEventListener("input", () => (question.tags = tags.value));
    const small = "btn btn--icon btn--quiet btn--small";
    const node = h("li", {class: "edit-question"},
      h("div", {class: "edit-question__head"}, h("span", {class: "edit-question__place numeric"}, number(i + 1)),
        type, h("span", {class: "grow"}),
        iconButton("chevron-up", t("host.quiz.up"), {class: small, disabled: i === 0, onclick: () => move(i, i - 1)}),
        iconButton("chevron-down", t("host.quiz.down"), {class: small, disabled: i + 1 === form.questions.length, onclick: () => move(i, i + 1)}),
        iconButton("copy", t("host.quiz.copy"), {class: small, onclick: () => insert(i + 1, structuredClone(question))}),
        iconButton("trash", t("host.quiz.remove"), {class: small, disabled: form.questions.length === 1, onclick: () => {
          form.questions.splice(i, 1);
          draw(Math.min(i, form.questions.length - 1));
        }})),
      text,
      media,
      key,
      h("div", {class: "edit-question__foot"},
        field(t("host.quiz.seconds"), select(options(seconds, question.seconds, (n) => (n === 0 ? t("host.quiz.untimed") : t("host.seconds", {n}))), question.seconds,
          (value) => (question.seconds = Number(value)))),
        field(t("host.quiz.points"), select(options(points, question.points, (n) => t("host.points", {n})), question.points,
          (value) => (question.points = Number(value))))),
      h("details", {class: "edit-more", open: Boolean(question.explanation || question.tags)}, h("summary", null, t("host.quiz.more")),
        h("div", {class: "stack"}, field(t("host.quiz.explanation"), explanation, t("host.quiz.explanation.hint")), field(t("host.quiz.tags"), tags))));
    node.addEventListener("keydown", (event) => {
      const by = event.altKey ? {ArrowUp: -1, ArrowDown: 1}[event.key] : undefined;
      if (by === undefined) return;
      event.preventDefault();
      move(i, i + by);
    });
    return node;
  }

  const error = h("p", {class: "error", role: "alert"});
  /** Shows what is missing, if anything is. @param {boolean} questions whether only they count */
  const sound = (questions) => {
    const problems = quizProblems(form).filter(({at}) => !questions || /^\d/.test(at));
    showProblems(body, problems);
    return problems.length === 0;
  };
  /** @param {boolean} start */
  const submit = async (start) => {
    error.textContent = "";
    if (!sound(only)) return;
    for (const button of [save, now]) button.disabled = true;
    try {
      await send(quizData(form), start);
      dialog.close();
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
    }
    for (const button of [save, now]) button.disabled = false;
  };
  const save = h("button", {type: "button", class: "btn btn--primary", onclick: () => void submit(false)}, t(only ? "host.bank.save" : "host.draft.save"));
  const now = h("button", {type: "button", class: "btn", onclick: () => void submit(true)}, icon("play"), t("host.quiz.now"));
  const tools = desk && quizTools({desk, form, sides: sides(), draw, sound: () => sound(true), edit: editQuestion});
  const body = only ? h("div", {class: "stack"}, list, error)
    : h("div", {class: "stack"}, field(t("host.quiz.title"), title), settings(form), tools, list, add, error);
  draw();
  const dialog = openDialog({title: only ? t("host.bank.edit") : t(fresh ? "host.quiz.new" : "host.quiz.edit"), look: `dialog--edit dialog--wide${only ? " dialog--only" : ""}`, body: [body],
    foot: only ? [save] : [h("span", {class: "small faint grow edit-keys"}, t("host.quiz.keys")), now, save]});
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit(false);
  });
}

/**
 * Opens the editor on one question that belongs to no quiz.
 * @param {QuizQuestion} question
 * @param {(data: object) => Promise<unknown>} save
 */
export function editQuestion(question, save) {
  const form = {...newQuiz(sides()), questions: [questionForm(question, sides())]};
  editQuiz({form, fresh: false, only: true, send: (data) => save(data.questions[0])});
}

/** How the quiz is played. @param {QuizForm} form */
function settings(form) {
  const scoring = select(["speed", "accuracy", "partial"].map((value) => ({value, label: t(`host.quiz.scoring.${value}`)})), form.scoring,
    (value) => (form.scoring = /** @type {Scoring} */ (value)));
  const streak = select(options(streaks, form.streak, (n) => (n === 0 ? t("host.quiz.streak.none") : t("host.quiz.streak.most", {n}))), form.streak,
    (value) => (form.streak = Number(value)));
  const teams = h("input", {class: "input", value: form.teams, data: {at: "teams"}, autocomplete: "off", placeholder: t("host.quiz.teams.example")});
  teams.addEventListener("input", () => (form.teams = teams.value));
  const draw = h("input", {class: "input", type: "number", min: "0", max: String(limits.questions), value: String(form.draw || ""), placeholder: t("host.quiz.draw.all")});
  draw.addEventListener("input", () => (form.draw = Math.max(0, Math.trunc(Number(draw.value) || 0))));
  const plain = form.scoring === "speed" && !form.streak && !form.teams && !form.shuffle && !form.draw && !form.play;
  return h("details", {class: "edit-more edit-settings", open: !plain}, h("summary", null, icon("settings"), t("host.quiz.settings")),
    h("div", {class: "stack"}, h("div", {class: "edit-question__foot"}, field(t("host.quiz.scoring"), scoring), field(t("host.quiz.streak"), streak)),
      h("div", {class: "edit-question__foot"}, field(t("host.quiz.teams"), teams, t("host.quiz.teams.hint")), field(t("host.quiz.draw"), draw, t("host.quiz.draw.hint"))),
      switchField(t("host.quiz.shuffle"), form.shuffle, (on) => (form.shuffle = on)),
      switchField(t("host.quiz.play"), form.play, (on) => (form.play = on))));
}

/**
 * The usual values and, if it is none of them, the present one.
 * @param {readonly number[]} usual
 * @param {number} value
 * @param {(n: number) => string} label
 */
function options(usual, value, label) {
  return [...new Set([...usual, value])].sort((a, b) => a - b).map((n) => ({value: n, label: label(n)}));
}
