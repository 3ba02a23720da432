// @ts-check
// What both ends say, as types: docs/protocol.md written for the type checker,
// and the few constants that a client needs of it.

/** @typedef {"viewer" | "moderator" | "host"} Role */
/** @typedef {"waiting" | "live" | "ended"} Phase */
/** @typedef {"camera" | "microphone" | "screen" | "screen-audio"} Source */

/** @typedef {{id: string, name: string, role: Role}} Person */
/** @typedef {{id: number, by: Person, text: string, at: number, reply_to?: number, is_question?: boolean}} Message */
/** A message that waits for approval, as the staff sees it; rule is what the machine check found. @typedef {Message & {rule: string}} HeldMessage */
/** An own message that waits or was rejected. @typedef {{id: number, text: string, at: number, state: "waiting" | "rejected"}} OwnHeld */
/** An answer to a question, or a reply to one. @typedef {{id: number, by: Person, text: string, at: number, answer?: number, expert?: boolean}} Reply */
/**
 * A question of the board; by has neither id nor name where it was asked anonymously.
 * @typedef {{id: number, by: Person, text: string, at: number, votes: number, pinned: boolean,
 *   answered?: boolean, answers: Reply[], anonymous?: boolean, focus?: boolean, labels?: string[], merged?: number[],
 *   is_question?: boolean, state?: "waiting" | "open" | "answered" | "dismissed" | "rejected"}} Question
 */
/** How the board is run. @typedef {{hold: boolean, experts: Person[]}} Board */
/**
 * Own questions that no other view shows to be one's own: asked are anonymous or merged into
 * others, held wait for approval or were rejected.
 * @typedef {{asked: number[], held: Question[]}} OwnBoard
 */
/** A question that is likely the same as another. @typedef {{id: number, text: string, votes: number, answered: boolean, state: string, score: number}} Likely */
/** @typedef {"choice" | "ranking" | "rating" | "scale" | "number" | "text" | "cloud"} PollKind */
/** What follows when a choice wins. @typedef {{act: "topic" | "pin" | "segment", value: string}} PollAct */
/**
 * What was given in a poll in which nothing is chosen. The bars of a histogram begin at from
 * and are step wide each.
 * @typedef {{n: number, mean?: number, median?: number, histogram?: number[], from?: number, step?: number,
 *   texts?: string[], words?: {word: string, n: number}[]}} PollResult
 */
/**
 * A poll; without a kind it is a choice. counts is null, and result absent, where this
 * audience may not see them yet. weights and then are for the staff.
 * @typedef {{id: number, text: string, choices: string[], images?: string[], max: number, hidden: boolean,
 *   phase: "draft" | "open" | "closed", at: number, voters: number, counts: number[] | null,
 *   kind?: PollKind, shown?: "asked", revealed?: boolean, stars?: number, min?: number, max_value?: number,
 *   low?: string, high?: string, words?: number, quick?: string, secret?: boolean, weighted?: boolean, weight?: number,
 *   weights?: Record<string, number>, then?: (PollAct | null)[], result?: PollResult, closes_at?: number}} Poll
 */
/** One's own vote in a poll of another kind than choice and ranking. @typedef {{value?: number, text?: string, words?: string[]}} Ballot */
/** How a question is answered; without a type it is a choice. @typedef {"choice" | "truefalse" | "numeric" | "text" | "order" | "match" | "gaps" | "hotspot"} QuizType */
/** A picture, a sound or a film of this server's; alt stands for it. @typedef {{url: string, kind: "image" | "audio" | "video", alt?: string}} Media */
/** A rectangle of a picture, in fractions of its width and height. @typedef {{x: number, y: number, w: number, h: number}} Area */
/** A place in a picture: how far across, and how far down. @typedef {[number, number]} QuizPoint */
/**
 * A question as it is shown. To order, choices are in an order that tells nothing; so are rights, to match.
 * images has one for each choice, "" for none.
 * @typedef {{type?: QuizType, text: string, media?: Media, choices: string[], images?: string[], multiple: boolean, lefts?: string[], rights?: string[],
 *   gaps?: number, points: number, seconds: number}} QuizFace
 */
/** @typedef {{min: number, max: number}} QuizRange */
/**
 * What is right: correct is null, and all else absent, before the reveal. To order, correct are
 * places of what is shown; pairs has for each left the place of its right.
 * @typedef {{correct: number[] | null, accept?: string[], ranges?: QuizRange[], pairs?: number[],
 *   fills?: string[][], areas?: Area[], explanation?: string}} QuizKey
 */
/**
 * The question of a quiz that is being asked. counts is null before the reveal: then how many
 * picked each choice, had each part right, or pointed into each cell of a grid (20 across, 20 down). Without a time limit deadline is 0.
 * Once it is closed, those who see the class late may answer until settles_at.
 * @typedef {QuizFace & QuizKey & {question: number, asked_at: number, deadline: number, paused_at?: number, answered: number,
 *   counts: number[] | null, words?: {text: string, n: number, right?: boolean}[],
 *   settles_at?: number}} QuizCurrent
 */
/** An answer: one of these, by the question's type. @typedef {{choices?: number[], text?: string, number?: number, texts?: string[], point?: QuizPoint}} QuizReply */
/** @typedef {{rank: number, id: string, name: string, score: number}} Place */
/** @typedef {{name: string, score: number, members: number}} QuizTeam */
/** @typedef {"speed" | "accuracy" | "partial"} Scoring */
/**
 * A quiz as everybody sees it; question is -1 before the first. With a seed, each member sees the
 * choices in another order.
 * @typedef {{id: number, title: string, of: number, question: number,
 *   phase: "ready" | "open" | "closed" | "revealed" | "finished", current: QuizCurrent | null,
 *   board: Place[], scoring?: Scoring, streak?: number, teams?: QuizTeam[], seed?: number, play?: boolean}} Quiz
 */
/**
 * A question as its author wrote it.
 * @typedef {{type?: QuizType, text: string, media?: Media, choices: string[], images?: string[], correct: number[], accept?: string[], ranges?: QuizRange[],
 *   areas?: Area[], pairs?: {left: string, right: string}[], gaps?: string[][], points: number, seconds: number, explanation?: string,
 *   tags?: string[]}} QuizQuestion
 */
/**
 * @typedef {{id: number, title: string, questions: QuizQuestion[], scoring?: Scoring, streak?: number, teams?: string[],
 *   shuffle?: boolean, draw?: number, play?: boolean}} QuizDraft
 */
/** A quiz that is finished and can be practised. @typedef {{id: number, title: string, of: number}} PastQuiz */
/** What quiz.practise answers. @typedef {{quiz: number, title: string, questions: QuizFace[]}} Practice */
/** What quiz.check answers. @typedef {QuizKey & {right: boolean, share: number}} Checked */
/** Somebody who has more time in quizzes. @typedef {{user: string, name: string, times?: number, untimed?: boolean}} Allowance */
/** @typedef {{live: boolean, by: Person | null, since: number, sources: Source[]}} Stage */
/** How a guest's camera or microphone stands; absent: on. held: by the staff; asked: the staff asks for it. @typedef {"off" | "held" | "asked"} Device */
/** Somebody on the stage, or for the staff on the way there (phase). @typedef {Person & {seat: number, phase?: "invited" | "waiting", microphone?: Device, camera?: Device}} Guest */
/** @typedef {"screen" | "speaker" | "grid"} Layout */
/** Who is on the stage beside the host; waiting and rules are for the staff. @typedef {{layout: Layout, pinned?: string, guests: Guest[], waiting?: Guest[], rules?: {seats: number, auto?: boolean}}} Seats */
/** How far one is oneself. @typedef {{phase: "invited" | "waiting" | "seated", seat?: number, microphone?: Device, camera?: Device}} OwnSeat */
/** @typedef {{user: string, name: string, until: number, reason: string}} Ban */
/** @typedef {{user: string, name: string, until: number}} Mute */
/** @typedef {{polls: Poll[], quizzes: QuizDraft[], surveys?: Survey[]}} Drafts */

/** @typedef {"nps" | "stars" | "satisfaction" | "choice" | "text"} SurveyType */
/** @typedef {{type: SurveyType, text: string, choices?: string[], several?: boolean, required?: boolean}} SurveyItem */
/** An answer to an item: one of these, by its type. @typedef {{value?: number, choices?: number[], text?: string}} SurveyAnswer */
/**
 * What came out of an item; a histogram begins at the lowest number.
 * @typedef {{n: number, mean?: number, median?: number, histogram?: number[], nps?: number, promoters?: number,
 *   passives?: number, detractors?: number, counts?: number[], texts?: string[]}} SurveyItemResult
 */
/**
 * A survey. hours and answered are for the staff; result is absent where this audience may not
 * see it.
 * @typedef {{id: number, title: string, items: SurveyItem[], when: "now" | "end", phase: "draft" | "open" | "closed",
 *   at: number, anonymous?: boolean, until?: number, shown?: "figures" | "all", hours?: number, answered?: number,
 *   result?: {n: number, items: SurveyItemResult[]}}} Survey
 */
/** @typedef {"lost" | "fast" | "slow" | "good"} MoodName */
/** Own mood, and when it has faded; "" for none. @typedef {{mood: MoodName | "", until: number}} Mood */
/** How many people have which mood. @typedef {Partial<Record<MoodName, number>>} MoodCounts */
/** @typedef {{here: number, moods: MoodCounts, weights: MoodCounts}} PulseTally */
/** @typedef {MoodCounts & {at: number, here: number}} PulseNote */

/** @typedef {QuizReply & {quiz: number, question: number, choices: number[]}} OwnAnswer */
/**
 * Where a person stands: rank is 0 before the first; team counts from 1; deadline is one's own, -1: none.
 * @typedef {{quiz: number, score: number, rank: number, of: number, streak?: number, team?: number, deadline?: number, behind?: number}} Standing
 */
/**
 * What concerns this person alone. muted_until: 0 not muted, -1 until lifted.
 * @typedef {{id: string, name: string, role: Role, hand: boolean, muted_until: number,
 *   votes: Record<string, number[]>, upvotes: number[], answers: OwnAnswer[], quiz: Standing | null,
 *   ballots?: Record<string, Ballot>, board?: OwnBoard, surveys?: Record<string, (SurveyAnswer | null)[]>, absent?: boolean,
 *   held?: OwnHeld[], stage?: OwnSeat}} You
 */
/**
 * A class as this audience sees it; drafts, banned, muted, held and allowed are for the staff.
 * @typedef {{id: string, title: string, phase: Phase, started_at: number, ended_at: number, slow: number,
 *   stage: Stage, seats?: Seats, speaker?: number, chat: Message[], questions: Question[], polls: Poll[], quiz: Quiz | null, practice?: PastQuiz[],
 *   count: number, hands: Person[], allowed?: Allowance[], drafts?: Drafts, banned?: Ban[], muted?: Mute[], held?: HeldMessage[],
 *   topic?: string, segment?: string, pinned?: string, board?: Board, surveys?: Survey[], pulse?: PulseNote[],
 *   recording?: Recording, captions?: Captions, records?: boolean}} Room
 */
/** What was said, in writing; without an end it is shown as long as it takes to read. @typedef {{id: number, lang: string, text: string, begin: number, end?: number}} Cue */
/** The languages in which there are captions, the newest, and what is just being written in each. @typedef {{langs: string[], cues: Cue[], drafts?: Record<string, string>}} Captions */
/** Whether the class is recorded, and whether viewers may go back in it; reason says why a recording ended by itself. @typedef {{id: number, on: boolean, since: number, reason?: string, replay?: boolean}} Recording */
/** A film of a recording; start and length in milliseconds of it. @typedef {{url: string, set: "host" | "screen", type: string, start: number, length: number, video: boolean, width: number, height: number, done: boolean}} RecordedFile */
/** What happened in the recorded class. @typedef {{at: number, kind: "segment" | "question" | "poll" | "quiz", title: string}} Chapter */
/**
 * A recorded class; ended_at is 0 while it goes on. In lists it has neither files nor chapters.
 * @typedef {{id: number, room: string, title: string, started_at: number, ended_at: number, reason: string, length: number,
 *   poster: string, url: string, files: RecordedFile[], chapters: Chapter[], captions: {lang: string, url: string}[],
 *   moments?: {at: number, from: number, to: number, why: "reactions" | "questions" | "answers" | "chat"}[]}} RecordingPage
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
 * @typedef {QuizReply & {quiz: number, question: number, choices: number[], correct: boolean | null, share?: number,
 *   points: number | null, bonus?: number, score: number | null, rank: number | null, of: number | null,
 *   streak?: number, team?: number, deadline?: number, behind?: number}} QuizMine
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
  pollText: 200, pollWord: 30, pollWords: 5, pollLabel: 40, stars: 10, steps: 20, weight: 100,
  question: 600, alt: 300, areas: 12, image: 8 << 20, pairs: 12, gaps: 12, accept: 20, teams: 12, tag: 40, tags: 10, points: 3000, streak: 500, times: 10, extend: 600,
  surveyItems: 20, surveyText: 1000, caption: 500,
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
