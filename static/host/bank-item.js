// @ts-check
/** @import {QuizQuestion} from "../client/protocol.js" */
import {h, icon} from "../elements/dom.js";
import {rich, richText} from "../elements/rich-text.js";
import {t} from "../i18n.js";
import {answerLines, kindOf, lineOf} from "./bank-rules.js";

/**
 * A question in a list to pick from: a check box with its text, its type, its
 * answers and tags, what was left behind of it, and buttons.
 * @param {QuizQuestion} question
 * @param {object} options
 * @param {boolean} options.picked
 * @param {(on: boolean) => void} options.onpick
 * @param {string[]} [options.notes]
 * @param {Node[]} [options.buttons]
 * @returns {HTMLLIElement}
 */
export function bankItem(question, {picked, onpick, notes = [], buttons = []}) {
  const box = h("input", {type: "checkbox", checked: picked});
  box.addEventListener("change", () => onpick(box.checked));
  const text = h("span", {class: "bank-item__text"});
  richText(text, lineOf(question));
  return h("li", {class: "bank-item"},
    h("div", {class: "bank-item__head"}, h("label", {class: "check bank-item__pick"}, box, text),
      h("div", {class: "bank-item__buttons"}, ...buttons)),
    h("div", {class: "bank-item__body"},
      h("p", {class: "cluster bank-item__about"}, h("span", {class: "badge badge--soft"}, t(`host.quiz.type.${kindOf(question)}`)),
        "media" in question && question.media ? h("span", {class: "badge"}, t("host.bank.media")) : null,
        ...(question.tags ?? []).map((tag) => h("span", {class: "badge badge--outline"}, tag))),
      answers(question),
      question.explanation ? rich("p", "small muted bank-item__why", question.explanation) : null,
      ...notes.map((note) => h("p", {class: "small bank-item__note"}, icon("info"), note))));
}

/** The answers; what is right is marked for every eye and ear. @param {QuizQuestion} question */
function answers(question) {
  const lines = answerLines(question);
  if (lines.length === 0) return null;
  return h("ul", {class: "bank-item__answers"}, ...lines.map(({text, right}) => {
    const words = h("span");
    richText(words, text);
    return h("li", {class: right ? "bank-item__answer bank-item__answer--right" : "bank-item__answer"},
      right ? icon("check") : h("span", {class: "bank-item__dot"}), words, right ? h("span", {class: "sr-only"}, t("host.bank.right")) : null);
  }));
}
