// @ts-check
/** @import {PulseNote, PulseTally, Survey, SurveyAnswer, SurveyItem} from "../client/protocol.js" */
// What surveys and the pulse of a class show, and what of an answer is missing:
// pure, without a page.

/** The numbers that an item is answered with. @type {Record<string, [number, number]>} */
const spans = {nps: [0, 10], stars: [1, 5], satisfaction: [1, 5]};

/** The numbers that an item may be answered with, in order; none where it is not. @param {SurveyItem} item @returns {number[]} */
export function steps({type}) {
  const [low, high] = spans[type] ?? [1, 0];
  return Array.from({length: high - low + 1}, (_, i) => low + i);
}

/** Whether an answer says anything. @param {SurveyAnswer | null | undefined} answer */
export const says = (answer) => Boolean(answer && (answer.value !== undefined || answer.choices?.length || answer.text?.trim()));

/** As they are sent: one for each item, null for what says nothing. @param {readonly (SurveyAnswer | null)[]} answers */
export const toSend = (answers) => answers.map((answer) => (says(answer) ? answer : null));

/**
 * The places of items that must be answered and are not; where none must and
 * nothing is said at all, the first.
 * @param {readonly SurveyItem[]} items
 * @param {readonly (SurveyAnswer | null)[]} answers
 */
export function missing(items, answers) {
  const open = items.flatMap((item, i) => (item.required && !says(answers[i]) ? [i] : []));
  return open.length > 0 || answers.some(says) ? open : [0];
}

/** Whether two sets of answers say the same. @param {readonly (SurveyAnswer | null)[]} a @param {readonly (SurveyAnswer | null)[]} b */
export function alike(a, b) {
  const plain = (/** @type {readonly (SurveyAnswer | null)[]} */ list) => JSON.stringify(toSend(list).map((answer) =>
    answer && [answer.value, [...answer.choices ?? []].sort((x, y) => x - y), answer.text?.trim()]));
  return plain(a) === plain(b);
}

/**
 * The surveys that stand in front of the class for somebody, newest first:
 * those that are open and, once they are shown, results. The staff has all;
 * whoever was not in a class that is over has nothing to answer. Over is what
 * needs nothing more of this person.
 * @param {readonly Survey[]} surveys
 * @param {{role: string, absent?: boolean, surveys?: Record<string, unknown>} | undefined} you
 */
export function inFront(surveys, you) {
  const staff = you !== undefined && you.role !== "viewer";
  return [...surveys].reverse().filter((survey) => survey.phase !== "draft" && (staff || survey.phase === "closed" || !you?.absent)).map((survey) => ({
    survey, over: survey.phase === "closed" || !staff && you?.surveys?.[survey.id] !== undefined,
    key: `survey/${survey.id}${survey.phase === "closed" ? `/${survey.shown ?? "closed"}` : ""}`}));
}

/** Moods, the most urgent first. */
export const moods = Object.freeze(/** @type {const} */ (["lost", "fast", "slow", "good"]));

/**
 * How the class goes by a tally: how many people have said anything, and
 * whether so many are lost, or find it too fast or too slow, that the host
 * should know now: three, and a fifth of those who are here, or all of them
 * where they are fewer.
 * @param {PulseTally | null} tally
 */
export function pulseOf(tally) {
  const counts = moods.map((mood) => ({mood, n: tally?.moods[mood] ?? 0, weight: tally?.weights[mood] ?? 0}));
  const here = Math.max(1, tally?.here ?? 1);
  const much = Math.max(Math.min(3, here - 1), Math.ceil(here / 5), 1);
  const alarm = counts.find(({mood, n}) => mood !== "good" && n >= much)?.mood ?? null;
  return {counts, people: counts.reduce((sum, {n}) => sum + n, 0), alarm};
}

/**
 * The line of a mood over the class's time: points with x and y from 0 to 1, as
 * steps. What stands at the last note goes on until now.
 * @param {readonly PulseNote[]} notes oldest first
 * @param {"lost" | "fast" | "slow" | "good"} mood
 * @param {number} from
 * @param {number} to
 */
export function pulseLine(notes, mood, from, to) {
  const most = Math.max(1, ...notes.flatMap((note) => moods.map((m) => note[m] ?? 0)));
  const span = Math.max(1, to - from);
  let y = 0;
  /** @type {[number, number][]} */
  const line = [[0, 0]];
  for (const note of notes) {
    const x = Math.min(1, Math.max(0, (note.at - from) / span));
    line.push([x, y]);
    y = (note[mood] ?? 0) / most;
    line.push([x, y]);
  }
  line.push([1, y]);
  return line;
}
