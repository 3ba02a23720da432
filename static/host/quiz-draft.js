// @ts-check
/** @import {Area, Media, QuizDraft, QuizQuestion, QuizRange, QuizType, Scoring} from "../client/protocol.js" */
/** @import {Problem} from "./draft.js" */
// A quiz while it is being written: as the editor's form holds it, and the
// rules that say whether it can be sent. Nothing here touches a page.

import {limits} from "../client/protocol.js";
import {besideMaths} from "../elements/maths.js";
import {readNumber, typeOf, writeNumber} from "../elements/quiz-rules.js";

/** @typedef {{text: string, correct: boolean, image?: string}} ChoiceForm */
/**
 * A question being written. What belongs to another type is kept, so that nothing is lost by
 * looking at what else there is. accept and ranges have one on each line; gaps are in the text:
 * "[right|also right]".
 * @typedef {{type: QuizType, text: string, media: Media | null, areas: Area[], choices: ChoiceForm[], sides: string[], truth: number, accept: string,
 *   ranges: string, pairs: {left: string, right: string}[], points: number, seconds: number, explanation: string,
 *   tags: string}} QuestionForm
 */
/**
 * @typedef {{title: string, questions: QuestionForm[], scoring: Scoring, streak: number, teams: string, shuffle: boolean,
 *   draw: number, play: boolean}} QuizForm
 */

/** The types, in the order in which they are offered. @type {readonly QuizType[]} */
export const questionTypes = Object.freeze(["choice", "truefalse", "numeric", "text", "gaps", "order", "match", "hotspot"]);

/** What a question may be worth, how long it may take, in seconds (0: no limit), and what a run of right answers adds at most. */
export const points = Object.freeze([0, 500, 1000, 2000, 3000]);
export const seconds = Object.freeze([0, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600]);
export const streaks = Object.freeze([0, 100, 200, 300, 500]);

/** Text as the server will see it: without blanks at its ends. @param {string} text */
const clean = (text) => text.trim().normalize("NFC");

/** What is not empty. @param {string} text @param {string | RegExp} separator */
const parts = (text, separator) => text.split(separator).map(clean).filter(Boolean);

/** @param {string[]} sides true and false, in words @returns {QuestionForm} */
export const newQuestion = (sides) => ({
  type: "choice", text: "", media: null, areas: [], choices: [0, 1, 2, 3].map(() => ({text: "", correct: false})), sides: [...sides], truth: 0, accept: "", ranges: "",
  pairs: [0, 1, 2].map(() => ({left: "", right: ""})), points: 1000, seconds: 20, explanation: "", tags: "",
});

/** @param {string[]} sides @returns {QuizForm} */
export const newQuiz = (sides) => ({title: "", questions: [newQuestion(sides)], scoring: "speed", streak: 0, teams: "", shuffle: false, draw: 0, play: false});

/** @param {QuizDraft} draft @param {string[]} sides @returns {QuizForm} */
export const quizForm = (draft, sides) => ({
  title: draft.title, questions: draft.questions.map((q) => questionForm(q, sides)), scoring: draft.scoring ?? "speed", streak: draft.streak ?? 0,
  teams: (draft.teams ?? []).join(", "), shuffle: draft.shuffle ?? false, draw: draft.draw ?? 0, play: draft.play ?? false,
});

/** @param {QuizQuestion} q @param {string[]} sides @returns {QuestionForm} */
export function questionForm(q, sides) {
  const form = {...newQuestion(sides), type: typeOf({...q, multiple: false, gaps: 0}), text: q.text, points: q.points, seconds: q.seconds,
    explanation: q.explanation ?? "", tags: (q.tags ?? []).join(", "), media: q.media ? {...q.media} : null, areas: (q.areas ?? []).map((area) => ({...area}))};
  switch (form.type) {
    case "truefalse": return {...form, sides: [...q.choices], truth: q.correct[0]};
    case "numeric": return {...form, ranges: (q.ranges ?? []).map(writeRange).join("\n")};
    case "text": return {...form, accept: (q.accept ?? []).join("\n")};
    case "match": return {...form, pairs: (q.pairs ?? []).map((pair) => ({...pair}))};
    case "gaps": return {...form, text: writeGaps(q.text, q.gaps ?? [])};
  }
  if (form.type === "hotspot") return form;
  return {...form, choices: q.choices.map((text, i) => ({text, correct: q.correct.includes(i), ...(q.images?.[i] && {image: q.images[i]})}))};
}

/** The command's data; what is left empty is left out. @param {QuizForm} form */
export const quizData = (form) => ({
  title: clean(form.title), questions: form.questions.map(questionData),
  ...(form.scoring !== "speed" && {scoring: form.scoring}), ...(form.streak > 0 && {streak: form.streak}),
  ...(parts(form.teams, /[,，;；、\n]/).length > 1 && {teams: parts(form.teams, /[,，;；、\n]/)}),
  ...(form.shuffle && {shuffle: true}), ...(form.draw > 0 && form.draw < form.questions.length && {draw: form.draw}), ...(form.play && {play: true}),
});

/** @param {QuestionForm} q */
function questionData(q) {
  const tags = parts(q.tags, /[,，;；、]/).slice(0, limits.tags);
  const {media} = q;
  const about = {...(media && {media: {url: media.url, kind: media.kind, ...(clean(media.alt ?? "") && {alt: clean(media.alt ?? "")})}}), points: q.points, seconds: q.seconds, ...(clean(q.explanation) && {explanation: clean(q.explanation)}), ...(tags.length > 0 && {tags})};
  const kept = q.choices.filter((choice) => clean(choice.text));
  const choices = kept.map((choice) => clean(choice.text));
  const text = clean(q.text);
  switch (q.type) {
    case "truefalse": return {type: q.type, text, choices: q.sides, correct: [q.truth], ...about};
    case "hotspot": return {type: q.type, text, areas: q.areas, ...about};
    case "numeric": return {type: q.type, text, ranges: parts(q.ranges, "\n").map(readRange), ...about};
    case "text": return {type: q.type, text, accept: parts(q.accept, "\n"), ...about};
    case "order": return {type: q.type, text, choices, ...about};
    case "match": return {type: q.type, text, pairs: q.pairs.map(({left, right}) => ({left: clean(left), right: clean(right)})).filter(({left, right}) => left && right), ...about};
    case "gaps": return {type: q.type, ...readGaps(text), ...about};
  }
  const images = kept.some((choice) => choice.image) ? {images: kept.map((choice) => choice.image ?? "")} : {};
  return {text, choices, ...images, correct: kept.flatMap((choice, i) => (choice.correct ? [i] : [])), ...about};
}

/**
 * The range that a line says: "42", "3.14 ± 0.01", "3 … 4" or "3 .. 4".
 * @param {string} line
 * @returns {QuizRange | undefined} undefined: none
 */
export function readRange(line) {
  const [first, second, more] = line.split(/\s*(?:\.\.\.?|…|~|–|\bto\b|至|到)\s*/);
  const min = readNumber(first);
  if (second !== undefined) {
    const max = readNumber(second);
    return more === undefined && min !== undefined && max !== undefined && min <= max ? {min, max} : undefined;
  }
  const [middle, around, rest] = line.split(/\s*(?:±|\+\/?-)\s*/);
  const value = readNumber(middle);
  if (around === undefined) return value === undefined ? undefined : {min: value, max: value};
  const by = readNumber(around);
  if (rest !== undefined || value === undefined || by === undefined || by < 0) return undefined;
  const neat = (/** @type {number} */ x) => Number(x.toPrecision(14)); // 3.14 - 0.01
  return {min: neat(value - by), max: neat(value + by)};
}

/** @param {QuizRange} range */
const writeRange = ({min, max}) => (min === max ? writeNumber(min) : `${writeNumber(min)} … ${writeNumber(max)}`);

/**
 * The text with its gaps numbered, and what each takes.
 * @param {string} text with "[right|also right]"
 * @returns {{text: string, gaps: string[][]}}
 */
export function readGaps(text) {
  /** @type {string[][]} */
  const gaps = [];
  const numbered = besideMaths(text, (plain) => plain.replace(/\[([^[\]]*)\]/g, (_, variants) => { // brackets in a formula are its own
    gaps.push(parts(variants, /[|｜]/));
    return `[[${gaps.length}]]`;
  }));
  return {text: numbered, gaps};
}

/** @param {string} text with "[[1]]" @param {string[][]} gaps */
const writeGaps = (text, gaps) => text.replace(/\[\[(\d{1,2})\]\]/g, (_, n) => `[${(gaps[n - 1] ?? []).join("|")}]`);

/**
 * What keeps a quiz from being sent. Fields are named "title", "teams",
 * "<question>", "<question>.<choice>" and "<question>.<field>".
 * @param {QuizForm} form
 * @returns {Problem[]}
 */
export function quizProblems({title, questions, teams}) {
  /** @type {Problem[]} */
  const problems = [];
  if (!clean(title)) problems.push({at: "title", why: "title"});
  const names = parts(teams, /[,，;；、\n]/);
  if (names.length === 1 || names.length > limits.teams || new Set(names).size < names.length || names.some((name) => [...name].length > limits.name)) {
    problems.push({at: "teams", why: "teams"});
  }
  questions.forEach((q, i) => {
    if (!clean(q.text)) problems.push({at: `${i}`, why: "text"});
    problems.push(...keyProblems(q, i));
  });
  return problems;
}

/** @param {QuestionForm} q @param {number} i @returns {Problem[]} */
function keyProblems(q, i) {
  const long = (/** @type {string} */ text) => [...text].length > limits.choice;
  switch (q.type) {
    case "truefalse": return [];
    case "hotspot":
      if (q.media?.kind !== "image") return [{at: `${i}.media`, why: "picture"}];
      if (!clean(q.media.alt ?? "")) return [{at: `${i}.alt`, why: "alt"}];
      return q.areas.length === 0 ? [{at: `${i}.areas`, why: "areas"}] : [];
    case "numeric": {
      const lines = parts(q.ranges, "\n");
      return lines.length === 0 || lines.length > limits.accept || lines.some((line) => !readRange(line)) ? [{at: `${i}.ranges`, why: "ranges"}] : [];
    }
    case "text": {
      const lines = parts(q.accept, "\n");
      return lines.length === 0 || lines.length > limits.accept || lines.some(long) ? [{at: `${i}.accept`, why: "accept"}] : [];
    }
    case "gaps": {
      const {text, gaps} = readGaps(clean(q.text));
      const fits = gaps.length > 0 && gaps.length <= limits.gaps && !/\[\[\d+\]\]/.test(clean(q.text)) && [...text].length <= limits.question &&
        gaps.every((gap) => gap.length > 0 && gap.length <= limits.accept && !gap.some(long));
      return fits || !clean(q.text) ? [] : [{at: `${i}`, why: "gaps"}];
    }
    case "match": {
      const whole = q.pairs.filter(({left, right}) => clean(left) && clean(right));
      const half = q.pairs.findIndex(({left, right}) => Boolean(clean(left)) !== Boolean(clean(right)));
      if (half >= 0) return [{at: `${i}.pair.${half}`, why: "pairs"}];
      if (whole.length < 2) return [{at: `${i}.pair.0`, why: "pairs"}];
      const twice = q.pairs.findIndex(({left}, at) => clean(left) && q.pairs.findIndex((other) => clean(other.left) === clean(left)) < at);
      if (twice >= 0) return [{at: `${i}.pair.${twice}`, why: "twice"}];
      return new Set(whole.map(({right}) => clean(right))).size < 2 ? [{at: `${i}.pair.0`, why: "pairs"}] : [];
    }
  }
  const texts = q.choices.map((choice) => clean(choice.text));
  if (texts.filter(Boolean).length < 2) return [{at: `${i}.${Math.max(0, texts.indexOf(""))}`, why: "choices"}, ...unmarked(q, i)];
  const twice = texts.findIndex((text, at) => text !== "" && texts.indexOf(text) < at);
  return twice < 0 ? unmarked(q, i) : [{at: `${i}.${twice}`, why: "twice"}, ...unmarked(q, i)];
}

/** @param {QuestionForm} q @param {number} i @returns {Problem[]} */
const unmarked = (q, i) => (q.type === "order" || q.choices.some((choice) => choice.correct && clean(choice.text)) ? [] : [{at: `${i}.0`, why: "correct"}]);
