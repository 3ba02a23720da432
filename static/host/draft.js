// @ts-check
/** @import {Poll, QuizDraft} from "../client/protocol.js" */
// What is being written before it is sent: polls and quizzes as forms hold
// them, and the rules that say whether they can be sent. Nothing here touches
// a page.

import {limits} from "../client/protocol.js";

/** @typedef {{text: string, choices: string[], several: boolean, max: number, hidden: boolean}} PollForm */
/** @typedef {{text: string, correct: boolean}} ChoiceForm */
/** @typedef {{text: string, choices: ChoiceForm[], points: number, seconds: number}} QuestionForm */
/** @typedef {{title: string, questions: QuestionForm[]}} QuizForm */
/** Where something is missing: a field's name, and why as the end of a text's key. @typedef {{at: string, why: string}} Problem */

/** What a question may be worth, and how long it may take, in seconds. */
export const points = Object.freeze([0, 500, 1000, 2000]);
export const seconds = Object.freeze([5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600]);

/** Text as the server will see it: without blanks at its ends. @param {string} text */
const clean = (text) => text.trim().normalize("NFC");

/** @returns {PollForm} */
export const newPoll = () => ({text: "", choices: ["", ""], several: false, max: 2, hidden: false});

/** @param {Poll} poll @returns {PollForm} */
export const pollForm = ({text, choices, max, hidden}) =>
  ({text, choices: [...choices], several: max > 1, max: Math.max(2, max), hidden});

/** The command's data; choices left empty are left out. @param {PollForm} form */
export function pollData({text, choices, several, max, hidden}) {
  const kept = choices.map(clean).filter(Boolean);
  return {text: clean(text), choices: kept, max: several ? Math.min(Math.max(2, max), kept.length) : 1, hidden};
}

/** @param {PollForm} form @returns {Problem[]} */
export function pollProblems(form) {
  /** @type {Problem[]} */
  const problems = [];
  if (!clean(form.text)) problems.push({at: "text", why: "text"});
  problems.push(...choiceProblems(form.choices, ""));
  return problems;
}

/** @returns {QuestionForm} */
export const newQuestion = () =>
  ({text: "", choices: [0, 1, 2, 3].map(() => ({text: "", correct: false})), points: 1000, seconds: 20});

/** @returns {QuizForm} */
export const newQuiz = () => ({title: "", questions: [newQuestion()]});

/** @param {QuizDraft} draft @returns {QuizForm} */
export const quizForm = ({title, questions}) => ({
  title,
  questions: questions.map((q) => ({text: q.text, points: q.points, seconds: q.seconds,
    choices: q.choices.map((text, i) => ({text, correct: q.correct.includes(i)}))})),
});

/** The command's data; choices left empty are left out. @param {QuizForm} form */
export const quizData = ({title, questions}) => ({
  title: clean(title),
  questions: questions.map((q) => {
    const kept = q.choices.filter((choice) => clean(choice.text));
    return {text: clean(q.text), choices: kept.map((choice) => clean(choice.text)),
      correct: kept.flatMap((choice, i) => (choice.correct ? [i] : [])), points: q.points, seconds: q.seconds};
  }),
});

/**
 * What keeps a quiz from being sent. Fields are named "title", "<question>",
 * and "<question>.<choice>".
 * @param {QuizForm} form
 * @returns {Problem[]}
 */
export function quizProblems({title, questions}) {
  /** @type {Problem[]} */
  const problems = [];
  if (!clean(title)) problems.push({at: "title", why: "title"});
  questions.forEach((q, i) => {
    if (!clean(q.text)) problems.push({at: `${i}`, why: "text"});
    problems.push(...choiceProblems(q.choices.map((choice) => choice.text), `${i}.`));
    if (!q.choices.some((choice) => choice.correct && clean(choice.text))) problems.push({at: `${i}.0`, why: "correct"});
  });
  return problems;
}

/** @param {string[]} choices @param {string} prefix @returns {Problem[]} */
function choiceProblems(choices, prefix) {
  const texts = choices.map(clean);
  const given = texts.filter(Boolean);
  if (given.length < 2) return [{at: `${prefix}${Math.max(0, texts.indexOf(""))}`, why: "choices"}];
  const twice = texts.findIndex((text, i) => text !== "" && texts.indexOf(text) < i);
  return twice < 0 ? [] : [{at: `${prefix}${twice}`, why: "twice"}];
}

/**
 * Puts pasted lines into choices, from place on: a list copied from a document
 * becomes one choice a line. The marks of a list are taken off, and the longest
 * list that the server takes is kept to.
 * @param {string[]} choices
 * @param {number} place
 * @param {string} pasted
 * @returns {string[]}
 */
export function pasteLines(choices, place, pasted) {
  const lines = pasted.split(/\r?\n/).map((line) => clean(line.replace(/^\s*(?:[-*•·]|\(?[A-Za-z0-9]{1,2}[.)、])\s+/u, "")))
    .filter(Boolean).map((line) => [...line].slice(0, limits.choice).join(""));
  const out = [...choices];
  lines.forEach((line, i) => (out[place + i] = line));
  return out.slice(0, limits.choices).map((text) => text ?? "");
}
