// @ts-check
/** @import {HeldMessage, Message, Person, Question} from "../client/protocol.js" */
// Chat and questions as one stream, and which entry is picked in it: pure.

/** @typedef {"all" | "chat" | "questions" | "held"} Filter */
/**
 * One thing that somebody wrote.
 * @typedef {object} Entry
 * @property {number} id
 * @property {"chat" | "question" | "answer"} kind
 * @property {Person} by
 * @property {string} text
 * @property {number} at
 * @property {Question} [question] of a question
 * @property {string} [asked] of an answer: its question's text
 * @property {string} [rule] of a message that waits: what the machine check found
 */

/**
 * Everything that was written, oldest first.
 * @param {readonly Message[]} chat
 * @param {readonly Question[]} questions
 * @param {Filter} filter
 * @param {readonly HeldMessage[]} [held] messages that wait
 * @returns {Entry[]}
 */
export function entries(chat, questions, filter, held = []) {
  /** @type {Entry[]} */
  const out = [];
  if (filter !== "questions") out.push(...held.map(({id, by, text, at, rule}) => ({id, kind: /** @type {const} */ ("chat"), by, text, at, rule})));
  if (filter === "held") {
    out.push(...questions.filter((q) => q.state === "waiting")
      .map((question) => ({id: question.id, kind: /** @type {const} */ ("question"), by: question.by, text: question.text, at: question.at, question})));
    return out.sort((a, b) => a.id - b.id);
  }
  if (filter !== "questions") out.push(...chat.map(({id, by, text, at}) => ({id, kind: /** @type {const} */ ("chat"), by, text, at})));
  if (filter !== "chat") {
    for (const question of questions) {
      const {id, by, text, at} = question;
      out.push({id, kind: "question", by, text, at, question});
      out.push(...question.answers.map((answer) => ({...answer, kind: /** @type {const} */ ("answer"), asked: text})));
    }
  }
  return out.sort((a, b) => a.id - b.id);
}

/**
 * The id to pick after moving by steps from picked. From nothing, a step back
 * begins at the newest; a step beyond the newest picks nothing. An entry that
 * has gone meanwhile counts as standing where its id was.
 * @param {readonly Entry[]} list
 * @param {number} picked 0: nothing
 * @param {1 | -1} step
 */
export function move(list, picked, step) {
  if (list.length === 0) return 0;
  if (picked === 0) return step < 0 ? list[list.length - 1].id : 0;
  const here = list.findIndex((entry) => entry.id === picked);
  const after = list.findIndex((entry) => entry.id > picked);
  let to = here + step;
  if (here < 0) to = step > 0 ? after : (after < 0 ? list.length : after) - 1;
  if (to < 0) return here < 0 && step > 0 ? 0 : list[0].id;
  return to < list.length ? list[to].id : 0;
}

/**
 * Where the pick goes when the picked entry is taken away: to the next one, or
 * the one before, so that a row of bad messages is dealt with key by key.
 * @param {readonly Entry[]} before
 * @param {number} picked
 */
export function heir(before, picked) {
  const here = before.findIndex((entry) => entry.id === picked);
  return before[here + 1]?.id ?? before[here - 1]?.id ?? 0;
}

/** How many of the times fall into the last minute. @param {readonly number[]} times @param {number} now */
export const lastMinute = (times, now) => times.filter((at) => at > now - 60_000).length;
