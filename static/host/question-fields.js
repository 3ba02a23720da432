// @ts-check
/** @import {QuestionForm} from "./quiz-draft.js" */
import {limits} from "../client/protocol.js";
import {unique} from "../client/unique.js";
import {h, icon, iconButton} from "../elements/dom.js";
import {letter} from "../elements/person.js";
import {t} from "../i18n.js";
import {areaFields} from "./area-editor.js";
import {choiceList} from "./choice-list.js";
import {field} from "./dialog.js";
import {mediaField} from "./media-field.js";

/**
 * The fields for what is right in a question of its type; they change the form
 * in place. at is the question's number, by which their problems are named.
 * @param {QuestionForm} question
 * @param {number} at
 * @returns {HTMLElement}
 */
export function questionFields(question, at) {
  switch (question.type) {
    case "hotspot": return areaFields(question, at);
    case "truefalse": return sides(question);
    case "numeric": return lines(question, "ranges", at, t("host.quiz.ranges"), t("host.quiz.ranges.hint"), "3.14 ± 0.01");
    case "text": return lines(question, "accept", at, t("host.quiz.accept"), t("host.quiz.accept.hint"), "");
    case "gaps": return h("p", {class: "hint"}, t("host.quiz.gaps.hint"));
    case "match": return pairs(question, at);
    case "order": return group(t("host.quiz.order"), choiceList({choices: question.choices, onchange: () => {}, name: `${at}.`}));
  }
  return group(t("host.quiz.mark"), choiceList({choices: question.choices, correct: true, images: true, onchange: () => {}, name: `${at}.`}));
}

/** What a question shows beside its text: where it is pointed at, that is part of its key. @param {QuestionForm} question @param {number} at */
export const questionMedia = (question, at) => (question.type === "hotspot" ? [] : [mediaField({held: question, picture: false, name: `${at}`})]);

/** @param {string} title @param {...Node} nodes */
const group = (title, ...nodes) => h("fieldset", null, h("legend", {class: "small faint"}, title), ...nodes);

/** Which of the two is right. @param {QuestionForm} question */
function sides(question) {
  const name = `truth-${unique()}`;
  return group(t("host.quiz.truth"), h("div", {class: "cluster"}, ...question.sides.map((side, i) => {
    const input = h("input", {type: "radio", name, checked: question.truth === i});
    input.addEventListener("change", () => (question.truth = i));
    return h("label", {class: "check"}, input, side);
  })));
}

/**
 * @param {QuestionForm} question
 * @param {"accept" | "ranges"} key
 * @param {number} at
 * @param {string} label
 * @param {string} hint
 * @param {string} placeholder
 */
function lines(question, key, at, label, hint, placeholder) {
  const input = h("textarea", {class: "textarea", rows: 2, value: question[key], data: {at: `${at}.${key}`}, placeholder, spellcheck: false});
  input.addEventListener("input", () => (question[key] = input.value));
  return field(label, input, hint);
}

/** @param {QuestionForm} question @param {number} at */
function pairs(question, at) {
  const list = h("ol", {class: "edit-choices"});
  const add = h("button", {type: "button", class: "btn btn--quiet btn--small", onclick: () => insert()}, icon("plus"), t("host.pair.add"));

  /** @param {number} [focus] */
  function draw(focus) {
    list.replaceChildren(...question.pairs.map(row));
    add.disabled = question.pairs.length >= limits.pairs;
    if (focus !== undefined) list.children[focus]?.querySelector("input")?.focus();
  }

  function insert() {
    if (question.pairs.length >= limits.pairs) return;
    question.pairs.push({left: "", right: ""});
    draw(question.pairs.length - 1);
  }

  /** @param {{left: string, right: string}} pair @param {number} i */
  function row(pair, i) {
    const side = (/** @type {"left" | "right"} */ which) => {
      const label = t(`host.pair.${which}`, {n: i + 1});
      const input = h("input", {type: "text", class: "input", value: pair[which], maxLength: limits.choice, autocomplete: "off", placeholder: label,
        aria: {label}, ...(which === "left" && {data: {at: `${at}.pair.${i}`}})});
      input.addEventListener("input", () => (pair[which] = input.value));
      input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        const inputs = [...list.querySelectorAll("input")];
        const next = inputs[inputs.indexOf(input) + 1];
        if (next) next.focus();
        else if (input.value.trim()) insert();
      });
      return input;
    };
    return h("li", {class: "edit-choice edit-pair"}, side("left"), icon("arrow-right"), side("right"),
      iconButton("close", t("host.pair.remove", {n: letter(i)}), {class: "btn btn--icon btn--quiet btn--small", disabled: question.pairs.length <= 2,
        onclick: () => {
          question.pairs.splice(i, 1);
          draw(Math.max(0, i - 1));
        }}));
  }

  draw();
  return group(t("host.quiz.pairs"), h("div", {class: "stack edit-choices__box"}, list, add));
}
