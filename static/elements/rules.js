// @ts-check
/** @import {Poll, Question, Quiz, Reply, Room, SessionItem, Survey, You} from "../client/protocol.js" */
// What elements show of a view and in which order: pure, without a page.

import {inFront} from "./survey-rules.js";

/** @typedef {"votes" | "new" | "open" | "held" | "aside"} Order */

/**
 * The questions in the order asked for: the one that is being answered and the
 * pinned one first, then by votes (older first among equals) or newest first.
 * "open" leaves out the answered. What waits for approval is only in "held",
 * oldest first; what was set aside only in "aside", newest first, and its
 * asker (own) sees it at the end of the others.
 * @param {readonly Question[]} questions
 * @param {Order} order
 * @param {{label?: string, own?: (q: Question) => boolean}} [only] with this label
 */
export function arrange(questions, order, {label = "", own = () => false} = {}) {
  const aside = (/** @type {Question} */ q) => q.state === "dismissed";
  const shown = questions.filter((q) => {
    if (label && !q.labels?.includes(label)) return false;
    if (order === "held") return q.state === "waiting";
    if (order === "aside") return aside(q);
    return q.state !== "waiting" && (order === "open" ? !q.answered && !aside(q) : !aside(q) || own(q));
  });
  if (order === "held") return shown.sort((a, b) => a.id - b.id);
  return shown.sort((a, b) => Number(aside(a)) - Number(aside(b)) || Number(b.focus ?? false) - Number(a.focus ?? false) ||
    Number(b.pinned) - Number(a.pinned) || (order === "new" || order === "aside" ? b.id - a.id : b.votes - a.votes || a.id - b.id));
}

/** All labels of questions, the most used first. @param {readonly Question[]} questions */
export function labelsOf(questions) {
  /** @type {Map<string, number>} */
  const used = new Map();
  for (const q of questions) for (const label of q.labels ?? []) used.set(label, (used.get(label) ?? 0) + 1);
  return [...used].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([label]) => label);
}

/**
 * The answers to a question as threads: each answer, and under it the replies
 * to it and to them, oldest first. A reply to what was deleted stands by itself.
 * @param {readonly Reply[]} answers oldest first
 * @returns {{answer: Reply, depth: 0 | 1}[]}
 */
export function threads(answers) {
  /** @type {Map<number, Reply[]>} */
  const under = new Map();
  /** @type {Map<number, number>} the answer at the head of each one's thread */
  const heads = new Map();
  for (const answer of answers) {
    const head = answer.answer ? heads.get(answer.answer) : undefined;
    heads.set(answer.id, head ?? answer.id);
    if (head === undefined) under.set(answer.id, [answer]);
    else under.get(head)?.push(answer);
  }
  return [...under.values()].flatMap((thread) => thread.map((answer, i) => ({answer, depth: i > 0 ? 1 : 0})));
}

/**
 * The share of each choice among those who voted, 0 to 1.
 * @param {readonly number[] | null} counts
 * @param {number} voters
 */
export function shares(counts, voters) {
  return counts?.map((count) => (voters > 0 ? Math.min(1, count / voters) : 0)) ?? null;
}

/**
 * How the words of a cloud stand: the most frequent in the middle, and each
 * with a size from 0 to 1 that grows with the root of how often it was given,
 * so that its area tells how often.
 * @param {readonly {word: string, n: number}[]} words most frequent first
 */
export function cloudOf(words) {
  const most = Math.sqrt(words[0]?.n ?? 1);
  const least = Math.sqrt(words.at(-1)?.n ?? 1);
  /** @type {{word: string, n: number, size: number, rank: number}[]} */
  const placed = [];
  words.forEach(({word, n}, rank) => {
    const size = most === least ? 0.5 : (Math.sqrt(n) - least) / (most - least);
    placed[rank % 2 ? "push" : "unshift"]({word, n, size, rank});
  });
  return placed;
}

/**
 * The bars of a histogram: where each begins and ends, and how high it is
 * against the highest, 0 to 1.
 * @param {{histogram?: readonly number[], from?: number, step?: number}} result
 */
export function bars({histogram = [], from = 0, step = 1}) {
  const highest = Math.max(1, ...histogram);
  const round = (/** @type {number} */ x) => Number(x.toPrecision(12)); // 0.1 + 0.2
  return histogram.map((n, i) => ({n, from: round(from + i * step), to: round(from + (i + 1) * step), height: n / highest}));
}

/**
 * The list with the item at one place moved to another.
 * @template T
 * @param {readonly T[]} list
 * @param {number} from
 * @param {number} to
 */
export function moved(list, from, to) {
  if (from < 0 || from >= list.length || to < 0 || to >= list.length) return [...list];
  const out = [...list];
  out.splice(to, 0, ...out.splice(from, 1));
  return out;
}

/** @typedef {{kind: "poll", key: string, over: boolean, poll: Poll} | {kind: "quiz", key: string, over: boolean, quiz: Quiz} | {kind: "survey", key: string, over: boolean, survey: Survey}} Activity */

/**
 * What stands in front of the class for somebody, the most urgent first: a quiz,
 * then open polls, newest first, then surveys: these also after the class. Only while nothing runs, results are shown: those that
 * are not in past, which are what was over when this person came, what they
 * have put away, and what something newer has pushed aside.
 * @param {Room} room
 * @param {ReadonlySet<string>} past keys of results
 * @param {You} [you]
 * @returns {Activity[]}
 */
export function activities({phase, quiz, polls, surveys = []}, past, you) {
  const asked = inFront(surveys, you).map((survey) => ({kind: /** @type {const} */ ("survey"), ...survey}));
  if (phase === "ended") return asked.filter(({key}) => !past.has(key));
  /** @type {Activity[]} */
  const all = [];
  if (quiz) all.push({kind: "quiz", key: `quiz/${quiz.id}`, over: quiz.phase === "finished", quiz});
  for (const poll of [...polls].reverse()) {
    if (poll.phase !== "draft") all.push({kind: "poll", key: `poll/${poll.id}`, over: poll.phase === "closed", poll});
  }
  all.push(...asked);
  const running = all.filter(({over}) => !over);
  return running.length > 0 ? running : all.filter(({key}) => !past.has(key));
}

/** Whether somebody has done what an activity asks of them. @param {Activity} activity @param {You} you */
const done = (activity, you) => activity.over || (activity.kind === "poll" && Boolean(you.votes[activity.poll.id]?.length || you.ballots?.[activity.poll.id])) ||
  (activity.kind === "survey" && you.surveys?.[activity.survey.id] !== undefined);

/**
 * Which of them is in front: a quiz while its question is open, else what was
 * picked; but once that is done, what is new takes its place.
 * @param {Activity[]} all
 * @param {string} picked the key of what is in front now
 * @param {ReadonlySet<string>} seen keys of what has been there before
 * @param {You} you
 */
export function inTurn(all, picked, seen, you) {
  const [first] = all;
  if (first?.kind === "quiz" && first.quiz.phase === "open") return first;
  const shown = all.find(({key}) => key === picked);
  if (shown && !done(shown, you)) return shown;
  return all.find((a) => !seen.has(a.key) && !done(a, you)) ?? shown ?? first;
}

/** The results in a room, by key. @param {Room} room */
export const results = ({quiz, polls, surveys = []}) => [...(quiz?.phase === "finished" ? [`quiz/${quiz.id}`] : []),
  ...polls.filter(({phase}) => phase === "closed").map(({id}) => `poll/${id}`),
  ...inFront(surveys.filter(({phase}) => phase === "closed"), undefined).map(({key}) => key)];

/**
 * Paragraphs of a text: blank lines part them.
 * @param {string} words
 */
export const paragraphs = (words) => words.split(/\n\s*\n/).map((p) => p.trim()).filter(Boolean);

/** How long a text takes to read, in seconds: 220 words, or 350 Chinese signs, a minute. @param {string} words */
export function readingTime(words) {
  const han = words.match(/\p{Script=Han}/gu)?.length ?? 0;
  const others = words.replace(/\p{Script=Han}/gu, " ").split(/\s+/).filter(Boolean).length;
  return Math.max(8, (han / 350 + others / 220) * 60);
}

/**
 * What is live, the fullest first, and what comes, the nearest first.
 * @param {readonly SessionItem[]} sessions
 * @param {number} now
 */
export function sortSessions(sessions, now) {
  const live = sessions.filter((s) => s.phase === "live").sort((a, b) => b.count - a.count);
  const next = sessions.filter((s) => s.phase !== "live" && s.phase !== "ended")
    .sort((a, b) => when(a, now) - when(b, now));
  return {live, next};
}

/** What has no time, or whose time has come, is open now: after what is live. @param {SessionItem} item @param {number} now */
const when = (item, now) => (item.starts_at > now ? item.starts_at : now);
