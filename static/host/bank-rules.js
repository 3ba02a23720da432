// @ts-check
/** @import {QuizQuestion, QuizRange} from "../client/protocol.js" */
/** @import {QuestionForm} from "./quiz-draft.js" */
// What the dialogs of questions need to know of them. Nothing here touches a page.

import {plainText, writeNumber} from "../elements/quiz-rules.js";
import {newQuestion} from "./quiz-draft.js";

/** A question's type; most do not say it. @param {{type?: string}} question */
export const kindOf = ({type}) => type ?? "choice";

/** A question's text on one line, its gaps as lines. @param {QuizQuestion} question */
export const lineOf = ({text}) => plainText(text).replace(/\s+/g, " ").trim();

/**
 * The answers of a question, one a line: what is right, and what may be picked.
 * @param {QuizQuestion} question
 * @returns {{text: string, right: boolean}[]}
 */
export function answerLines(question) {
  const right = (/** @type {string} */ text) => ({text, right: true});
  switch (kindOf(question)) {
    case "numeric": return (question.ranges ?? []).map((range) => right(rangeText(range)));
    case "text": return (question.accept ?? []).map(right);
    case "gaps": return (question.gaps ?? []).map((gap, i) => right(`${i + 1}: ${gap.join(" / ")}`));
    case "match": return (question.pairs ?? []).map(({left, right: other}) => right(`${left} → ${other}`));
    case "order": return question.choices.map((text, i) => right(`${i + 1}. ${text}`));
    case "hotspot": return [];
  }
  return question.choices.map((text, i) => ({text, right: question.correct.includes(i)}));
}

/** @param {QuizRange} range */
const rangeText = ({min, max}) => (min === max ? writeNumber(min) : `${writeNumber(min)} … ${writeNumber(max)}`);

/** Whether nothing has been written into a question yet, whichever type it was given. @param {QuestionForm} form */
export function untouched(form) {
  const {type, points, seconds} = form;
  return JSON.stringify(form) === JSON.stringify({...newQuestion(form.sides), type, points, seconds});
}

/**
 * Puts questions behind those of a quiz, in place of ones that nobody has begun; only as many as there is room for.
 * @param {QuestionForm[]} forms changed in place
 * @param {QuestionForm[]} more
 * @param {number} most that a quiz holds
 * @returns {number} how many were put in
 */
export function append(forms, more, most) {
  if (more.length === 0) return 0;
  const begun = forms.filter((form) => !untouched(form));
  const added = more.slice(0, Math.max(0, most - begun.length));
  if (added.length > 0) forms.splice(0, forms.length, ...begun, ...added);
  return added.length;
}

/** The tags of a search with one put in or taken out. @param {readonly string[]} tags @param {string} tag */
export const toggled = (tags, tag) => (tags.includes(tag) ? tags.filter((one) => one !== tag) : [...tags, tag]);
