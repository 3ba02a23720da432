// @ts-check
// What both ends say, as types: docs/protocol.md written for the type checker,
// and the few constants that a client needs of it.

/** @typedef {"viewer" | "moderator" | "host"} Role */
/** @typedef {"waiting" | "live" | "ended"} Phase */
/** @typedef {"camera" | "microphone" | "screen" | "screen-audio"} Source */

/** @typedef {{id: string, name: string, role: Role}} Person */
/** @typedef {{id: number, by: Person, text: string, at: number, reply_to?: number}} Message */
/** @typedef {{id: number, by: Person, text: string, at: number}} Reply */
/**
 * @typedef {{id: number, by: Person, text: string, at: number, votes: number, pinned: boolean,
 *   answered?: boolean, answers: Reply[]}} Question
 */
/**
 * A poll. counts is null where this audience may not see it yet.
 * @typedef {{id: number, text: string, choices: string[], max: number, hidden: boolean,
 *   phase: "draft" | "open" | "closed", at: number, voters: number, counts: number[] | null}} Poll
 */
/**
 * The question of a quiz that is being asked. correct and counts are null before the reveal.
 * @typedef {{question: number, text: string, choices: string[], multiple: boolean, points: number,
 *   seconds: number, asked_at: number, deadline: number, answered: number, correct: number[] | null,
 *   counts: number[] | null}} QuizCurrent
 */
/** @typedef {{rank: number, id: string, name: string, score: number}} Place */
/**
 * A quiz as everybody sees it; question is -1 before the first.
 * @typedef {{id: number, title: string, of: number, question: number,
 *   phase: "ready" | "open" | "closed" | "revealed" | "finished", current: QuizCurrent | null,
 *   board: Place[]}} Quiz
 */
/** @typedef {{text: string, choices: string[], correct: number[], points: number, seconds: number}} QuizQuestion */
/** @typedef {{id: number, title: string, questions: QuizQuestion[]}} QuizDraft */
/** @typedef {{live: boolean, by: Person | null, since: number, sources: Source[]}} Stage */
/** @typedef {{user: string, name: string, until: number, reason: string}} Ban */
/** @typedef {{user: string, name: string, until: number}} Mute */
/** @typedef {{polls: Poll[], quizzes: QuizDraft[]}} Drafts */

/** @typedef {{quiz: number, question: number, choices: number[]}} OwnAnswer */
/** @typedef {{quiz: number, score: number, rank: number, of: number}} Standing */
/**
 * What concerns this person alone. muted_until: 0 not muted, -1 until lifted.
 * @typedef {{id: string, name: string, role: Role, hand: boolean, muted_until: number,
 *   votes: Record<string, number[]>, upvotes: number[], answers: OwnAnswer[], quiz: Standing | null}} You
 */
/**
 * A class as this audience sees it; drafts, banned and muted are for the staff.
 * @typedef {{id: string, title: string, phase: Phase, started_at: number, ended_at: number, slow: number,
 *   stage: Stage, chat: Message[], questions: Question[], polls: Poll[], quiz: Quiz | null, count: number,
 *   hands: Person[], drafts?: Drafts, banned?: Ban[], muted?: Mute[]}} Room
 */
/** @typedef {{you: You, epoch: string, seq: number, now: number, resumed: boolean, room?: Room}} Welcome */

/**
 * What a moderator did.
 * @typedef {{seq: number, at: number, by: Person, act: string, target: Person | null, item: number,
 *   reason: string, seconds: number}} Act
 */
/**
 * One line of people.list.
 * @typedef {{id: string, name: string, role: Role, here: boolean, hand: boolean, muted_until: number,
 *   banned: boolean, since: number}} Member
 */
/** @typedef {{people: Member[], next: string, count: number}} MemberPage */
/** @typedef {{acts: Act[], next: number}} ActPage */

/**
 * Own answer to a quiz question; correct and points are null before the reveal.
 * @typedef {{quiz: number, question: number, choices: number[], correct: boolean | null,
 *   points: number | null, score: number | null, rank: number | null, of: number | null}} QuizMine
 */
/** @typedef {{balance: number, gained: number, rule: string}} Points */
/**
 * @typedef {{id: string, kind: "session" | "video", title: string, reason: string, url: string,
 *   poster: string}} Offer
 */
/** @typedef {{moment: "joined" | "poll" | "quiz" | "ended", items: Offer[]}} Suggestion */

/**
 * One line of the catalogue.
 * @typedef {{id: string, kind: "session" | "video", title: string, description: string, tags: string[],
 *   author: string, lang: string, level: string, duration_s: number, starts_at: number, room: string,
 *   url: string, poster: string, price: number}} Item
 */
/** @typedef {Item & {phase: Phase, count: number}} SessionItem */
/** @typedef {Item & {reason: string}} RecommendedItem */

/**
 * A message from the server: a reply (re), a numbered view (seq, prev) or
 * neither: a signal or a personal view.
 * @typedef {{re?: number, seq?: number, prev?: number, type: string, data: any}} ServerMessage
 */
/** @typedef {{code: string, text: string, field?: string, retry_ms?: number}} Refusal */
/** What server.closing says before a socket is closed: when to come back, in milliseconds. @typedef {{retry_ms: number}} Closing */

/** The subprotocol that both ends must agree on. */
export const subprotocol = "lyceum.v1";

/** The longest frame a client may send, in bytes. */
export const maxFrame = 64 * 1024;

/** How long texts may be, in characters; the server refuses longer ones. */
export const limits = Object.freeze({
  name: 40, chat: 500, ask: 600, title: 160, choice: 120, reason: 200, choices: 12, questions: 100,
});

/** Reactions that the server passes on. */
export const reactions = Object.freeze(["👍", "❤️", "👏", "😂", "🎉", "😮", "🤔", "🙏"]);

/** Close codes that a page may want to tell apart. */
export const closed = Object.freeze({
  restart: 4000, slow: 4001, rebuilt: 4002, hello: 4004, idle: 4005,
  replaced: 4500, token: 4501, expired: 4502, banned: 4503, refused: 4504, protocol: 4505,
});

/**
 * Whether a client should come back after a socket closed with code. What
 * says that the client itself is at fault is final; everything else, a lost
 * network (1006) before all, is not.
 * @param {number} code
 */
export function again(code) {
  if (code >= 4500 && code <= 4999) return false;
  return code !== 1003 && code !== 1007 && code !== 1009;
}
