// @ts-check
// What GET /v1/rooms/{room}/report answers, as far as the page reads it: see
// docs/protocol.md.

/** @typedef {{n: number, mean: number | null, praise: number, neutral: number, complaint: number}} Feeling */
/** @typedef {{at?: number, source: "chat" | "board" | "survey", text: string, score: number | null}} Example */
/** @typedef {{phrase: string, count: number, feeling: number | null, examples: Example[]}} Theme */
/** @typedef {{title?: string, from: number, to: number, messages: number, feeling: Feeling, themes: Theme[],
 *   best: Example | null, worst: Example | null}} Part */
/** @typedef {{q1: number, median: number, q3: number}} Quartiles */
/** @typedef {{text: string, correct: boolean, n: number, upper: number | null, lower: number | null}} Choice */
/**
 * @typedef {{number: number, type: string, text: string, points: number, seconds: number, at: number, answered: number, settled: boolean,
 *   right: number, difficulty: number | null, share: number | null, discrimination: number | null, time: Quartiles | null, thirds: number,
 *   choices?: Choice[], typed?: {text: string, n: number, right: boolean}[], key?: string[]}} Question
 */
/** @typedef {{id: number, title: string, at: number, phase: string, of: number, players: number, mean: number | null, points: number,
 *   teams?: {name: string, score: number, members: number}[], questions: Question[]}} Quiz */
/** @typedef {{n: number, mean?: number, median?: number, histogram?: number[], from?: number, step?: number, texts?: string[],
 *   words?: {word: string, n: number}[]}} PollResult */
/** @typedef {{id: number, text: string, kind?: string, choices: string[], secret?: boolean, phase: string, at: number, voters: number,
 *   quick?: string, counts: number[] | null, result?: PollResult}} Poll */
/** @typedef {{n: number, mean?: number, median?: number, histogram?: number[], nps?: number, promoters?: number, passives?: number,
 *   detractors?: number, counts?: number[], texts?: string[]}} ItemResult */
/** @typedef {{id: number, title: string, items: {type: string, text: string, choices?: string[]}[], anonymous?: boolean, phase: string, at: number,
 *   answered?: number, result?: {n: number, items: ItemResult[]}, words: ({feeling: Feeling, themes: Theme[]} | null)[]}} Survey */
/** @typedef {{at: number, present: number, messages?: number, asked?: number, answers?: number, comments?: number, feeling: number | null}} Point */
/** @typedef {{kind: "topic" | "segment" | "air" | "poll" | "quiz" | "survey", id: number, at: number, until: number, title?: string}} Mark */
/** @typedef {{at: number, here: number, fast?: number, slow?: number, lost?: number, good?: number}} Pulse */
/** @typedef {{from: number, to: number}} Sitting */
/**
 * @typedef {{id: string, name: string, role: import("../client/protocol.js").Role, here: boolean, first: number, last: number, attended: number,
 *   share: number | null, messages: number, hands: number, questions: number, votes: number, surveys: number, answered: number, right: number,
 *   score: number, rank: number}} Person
 */
/** @typedef {{id: number, at: number, by: string, anonymous?: boolean, text: string, state: string, votes: number, answers: number}} Asked */
/**
 * @typedef {Person & {stays: Sitting[], asked: Asked[], given: {poll: number, title: string, secret?: boolean, given: string}[],
 *   answers: {quiz: number, title: string, number: number, question: string, text: string, right: boolean, share: number, points: number, took: number}[]}} Detail
 */
/**
 * @typedef {{people: number, viewers: number, peak: number, here: number, duration: number, stay: Quartiles | null, active: number, rate: number | null,
 *   messages: number, deleted: number, hands: number, asked: number, answered: number, anonymous: number, upvotes: number, polls: number, votes: number,
 *   surveys: number, quizzes: number, items: number, answers: number, right: number | null, points: number}} Class
 */
/**
 * @typedef {{room: string, title: string, phase: import("../client/protocol.js").Phase, seq: number, at: number, since?: number, partial: boolean,
 *   sittings: Sitting[], class: Class, step: number, points: Point[], marks: Mark[], pulse?: Pulse[], quizzes: Quiz[], polls: Poll[],
 *   surveys: Survey[], board: Asked[], comments: {feeling: Feeling, read: number, themes: Theme[], parts: Part[]}, people: Person[]}} Report
 */

export {};
