// @ts-check
/** @import {OwnAnswer, Poll, Question, Quiz, QuizMine, Room, SessionItem} from "../client/protocol.js" */
// What elements show of a view and in which order: pure, without a page.

/** @typedef {"votes" | "new" | "open"} Order */

/**
 * The questions in the order asked for: the pinned one first, then by votes
 * (older first among equals) or newest first; "open" leaves out the answered.
 * @param {readonly Question[]} questions
 * @param {Order} order
 */
export function arrange(questions, order) {
  const shown = order === "open" ? questions.filter((q) => !q.answered) : [...questions];
  return shown.sort((a, b) =>
    Number(b.pinned) - Number(a.pinned) || (order === "new" ? b.id - a.id : b.votes - a.votes || a.id - b.id));
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
 * Whether exactly the right choices were picked.
 * @param {readonly number[]} picked
 * @param {readonly number[]} correct
 */
export function right(picked, correct) {
  return picked.length === correct.length && correct.every((choice) => picked.includes(choice));
}

/**
 * What the person answered to the present question. At the reveal the server
 * states the result of everybody, with no choices for who did not answer.
 * @param {{quiz: Quiz, answers?: OwnAnswer[], mine?: QuizMine | null}} view
 * @returns {number[] | undefined}
 */
export function ownAnswer({quiz, answers, mine}) {
  const result = mine?.quiz === quiz.id && mine.question === quiz.question ? mine.choices : undefined;
  if (result?.length) return result;
  return answers?.find((a) => a.quiz === quiz.id && a.question === quiz.question && a.choices.length > 0)?.choices;
}

/** @typedef {{kind: "poll", key: string, over: boolean, poll: Poll} | {kind: "quiz", key: string, over: boolean, quiz: Quiz}} Activity */

/**
 * What stands in front of the class, the most urgent first: a quiz, then open
 * polls, newest first. Only while nothing runs, results are shown: those that
 * are not in past, which are what was over when this person came, what they
 * have put away, and what something newer has pushed aside.
 * @param {Room} room
 * @param {ReadonlySet<string>} past keys of results
 * @returns {Activity[]}
 */
export function activities({quiz, polls}, past) {
  /** @type {Activity[]} */
  const all = [];
  if (quiz) all.push({kind: "quiz", key: `quiz/${quiz.id}`, over: quiz.phase === "finished", quiz});
  for (const poll of [...polls].reverse()) {
    if (poll.phase !== "draft") all.push({kind: "poll", key: `poll/${poll.id}`, over: poll.phase === "closed", poll});
  }
  const running = all.filter(({over}) => !over);
  return running.length > 0 ? running : all.filter(({key}) => !past.has(key));
}

/** The results in a room, by key. @param {Room} room */
export const results = ({quiz, polls}) => [...(quiz?.phase === "finished" ? [`quiz/${quiz.id}`] : []),
  ...polls.filter(({phase}) => phase === "closed").map(({id}) => `poll/${id}`)];

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
