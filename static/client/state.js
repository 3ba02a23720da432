// @ts-check
/** @import {Act, Drafts, Mute, Points, Poll, Question, QuizMine, Room, ServerMessage, Suggestion, Welcome, You} from "./protocol.js" */
/** @import {ConnectionView} from "./connection.js" */
// The state of a class as one client knows it: the fold of the welcome, the
// views and the signals. Everything here is pure; what does not change keeps
// its identity, so a difference can be seen by comparing references.

/**
 * A class as this person sees it now. you and room are exactly the shapes of
 * the welcome, kept up to date; mine is the last quiz.mine.
 * @typedef {object} ClassState
 * @property {You | null} you
 * @property {Room | null} room
 * @property {QuizMine | null} mine
 * @property {Points | null} points
 * @property {Suggestion[]} suggestions newest last
 * @property {ConnectionView} connection
 */

/** How much of each list is kept, as in the server's own snapshot. */
const keep = {chat: 100, questions: 200, polls: 20, hands: 100, suggestions: 10};

/** Nothing is known yet. @type {ClassState} */
export const blank = Object.freeze({
  you: null, room: null, mine: null, points: null, suggestions: [],
  connection: Object.freeze({state: /** @type {const} */ ("closed"), code: 0}),
});

/**
 * The state after message. A message of an unknown type, or one about
 * something that is not here, changes nothing.
 * @param {ClassState} state
 * @param {ServerMessage} message
 * @returns {ClassState}
 */
export function reduce(state, {type, data}) {
  if (type === "welcome") return welcome(state, data);
  const {you, room} = state;
  if (!you || !room) return state;
  if (Object.hasOwn(ofRoom, type)) {
    const next = ofRoom[type](room, data);
    state = next === room ? state : {...state, room: next};
  }
  if (Object.hasOwn(ofPerson, type)) return ofPerson[type](state, data, you);
  return state;
}

/** @param {ClassState} state @param {Welcome} data @returns {ClassState} */
function welcome(state, {you, room}) {
  if (!room) return {...state, you}; // resumed: the missed views follow
  return {...state, you, room, mine: state.mine && state.mine.quiz === room.quiz?.id &&
    state.mine.question === room.quiz.question ? state.mine : null};
}

/**
 * The state after the server has carried out one of this person's own
 * commands that no view tells of.
 * @param {ClassState} state
 * @param {string} type
 * @param {any} data of the command
 * @returns {ClassState}
 */
export function acknowledged(state, type, data) {
  const {you} = state;
  if (!you) return state;
  switch (type) {
    case "qa.upvote":
      if (you.upvotes.includes(data.question)) return state;
      return {...state, you: {...you, upvotes: [...you.upvotes, data.question]}};
    case "qa.unvote":
      return {...state, you: {...you, upvotes: you.upvotes.filter((id) => id !== data.question)}};
    case "suggest.click":
    case "suggest.dismiss":
      return {...state, suggestions: state.suggestions
        .map((offer) => ({...offer, items: offer.items.filter((item) => item.id !== data.item)}))
        .filter((offer) => offer.items.length > 0)};
  }
  return state;
}

/** What a message changes for everybody. @type {Record<string, (room: Room, data: any) => Room>} */
const ofRoom = {
  "chat.said": (room, message) => ({...room, chat: upsert(room.chat, message).slice(-keep.chat)}),
  "chat.deleted": (room, {id}) => ({...room, chat: without(room.chat, id)}),

  "qa.asked": (room, question) => ({...room, questions: trim(upsert(room.questions, question))}),
  "qa.answered": (room, {question, answer}) => ({...room, questions: change(room.questions, question, (q) =>
    ({...q, answered: true, answers: answer ? upsert(q.answers, answer) : q.answers}))}),
  "qa.pinned": (room, {question}) => ({...room, questions: room.questions.map((q) =>
    q.pinned === (q.id === question) ? q : {...q, pinned: q.id === question})}),
  "qa.deleted": (room, {id}) => ({...room, questions: deleted(room.questions, id)}),
  "qa.votes": (room, {votes}) => ({...room, questions: room.questions.map((q) =>
    votes[q.id] === undefined || votes[q.id] === q.votes ? q : {...q, votes: votes[q.id]})}),

  "poll.opened": (room, poll) => polled(room, poll),
  "poll.closed": (room, poll) => polled(room, poll),
  "poll.drafted": (room, poll) => drafted(room, (drafts) => ({...drafts, polls: upsert(drafts.polls, poll)})),
  "poll.dropped": (room, {poll}) => drafted(room, (drafts) => ({...drafts, polls: without(drafts.polls, poll)})),
  "poll.tally": (room, {poll, voters, counts}) => ({...room, polls: change(room.polls, poll, (p) =>
    p.phase === "closed" ? p : {...p, voters, counts})}), // a late signal never undoes a result

  "quiz.drafted": (room, quiz) => drafted(room, (drafts) => ({...drafts, quizzes: upsert(drafts.quizzes, quiz)})),
  "quiz.dropped": (room, {quiz}) => drafted(room, (drafts) => ({...drafts, quizzes: without(drafts.quizzes, quiz)})),
  "quiz.asked": (room, quiz) => ({...room, quiz}),
  "quiz.closed": (room, quiz) => ({...room, quiz}),
  "quiz.revealed": (room, quiz) => ({...room, quiz}),
  "quiz.finished": (room, quiz) => drafted({...room, quiz}, (drafts) =>
    ({...drafts, quizzes: without(drafts.quizzes, quiz.id)})),
  "quiz.tally": (room, tally) => tallied(room, tally),

  "hand.raised": (room, person) => ({...room, hands: upsert(room.hands, person).slice(0, keep.hands)}),
  "hand.lowered": (room, {id}) => ({...room, hands: without(room.hands, id)}),
  "role.changed": (room, person) => ({...room, hands: change(room.hands, person.id, () => person)}),
  "room.presence": (room, {count}) => (room.count === count ? room : {...room, count}),
  "room.opened": (room, {phase, started_at, ended_at}) => ({...room, phase, started_at, ended_at}),
  "room.ended": (room, {phase, started_at, ended_at}) => ({...room, phase, started_at, ended_at, stage: off, hands: []}),
  "room.changed": (room, {title}) => ({...room, title}),
  "room.slowed": (room, {slow}) => ({...room, slow}),
  "stage.changed": (room, {live, by, since, sources}) => ({...room, stage: {live, by, since, sources}}),
  "mod.acted": (room, act) => acted(room, act),
};

/** Nobody is on air. @type {Room["stage"]} */
const off = {live: false, by: null, since: 0, sources: []};

/** What a message changes for this person. @type {Record<string, (state: ClassState, data: any, you: You) => ClassState>} */
const ofPerson = {
  "you.changed": (state, you) => ({...state, you}),
  "poll.mine": (state, {poll, choices}, you) => ({...state, you: {...you, votes: {...you.votes, [poll]: choices}}}),
  "quiz.asked": (state, quiz, you) => ({...state, mine: null,
    you: you.answers.every((a) => a.quiz === quiz.id) ? you : {...you, answers: you.answers.filter((a) => a.quiz === quiz.id)}}),
  "quiz.mine": (state, mine, you) => ({...state, mine, you: standing(you, mine)}),
  "room.ended": (state, _, you) => hand(state, you, you.id, false),
  "hand.raised": (state, person, you) => hand(state, you, person.id, true),
  "hand.lowered": (state, {id}, you) => hand(state, you, id, false),
  "role.changed": (state, person, you) => (person.id !== you.id ? state : {...state, you: {...you, role: person.role}}),
  "points.balance": (state, points) => ({...state, points}),
  "suggest.offered": (state, offer) => ({...state, suggestions: [...state.suggestions, offer].slice(-keep.suggestions)}),
};

/** @param {ClassState} state @param {You} you @param {string} id @param {boolean} up @returns {ClassState} */
function hand(state, you, id, up) {
  return id !== you.id || you.hand === up ? state : {...state, you: {...you, hand: up}};
}

/** @param {You} you @param {QuizMine} mine @returns {You} */
function standing(you, {quiz, question, choices, score, rank, of}) {
  const others = you.answers.filter((a) => a.quiz !== quiz || a.question !== question);
  const placed = score !== null && rank !== null && of !== null ? {quiz, score, rank, of} : you.quiz;
  return {...you, answers: choices ? [...others, {quiz, question, choices}] : you.answers, quiz: placed};
}

/** @param {Room} room @param {Poll} poll @returns {Room} */
function polled(room, poll) {
  return drafted({...room, polls: upsert(room.polls, poll).slice(-keep.polls)}, (drafts) =>
    ({...drafts, polls: without(drafts.polls, poll.id)}));
}

/** @param {Room} room @param {{quiz: number, question: number, answered: number}} tally @returns {Room} */
function tallied(room, {quiz, question, answered}) {
  const running = room.quiz;
  if (running?.id !== quiz || running.current?.question !== question) return room;
  return {...room, quiz: {...running, current: {...running.current, answered}}};
}

/** @param {Room} room @param {(drafts: Drafts) => Drafts} fn @returns {Room} */
function drafted(room, fn) {
  return room.drafts ? {...room, drafts: fn(room.drafts)} : room;
}

/** @param {Question[]} questions @param {number} id of a question or of an answer */
function deleted(questions, id) {
  return without(questions, id).map((q) =>
    q.answers.some((a) => a.id === id) ? {...q, answers: without(q.answers, id)} : q);
}

/**
 * Keeps as many questions as the server's board has: the oldest that are
 * answered go first, then the oldest that are not pinned.
 * @param {Question[]} questions
 */
function trim(questions) {
  while (questions.length > keep.questions) {
    let i = questions.findIndex((q) => q.answered && !q.pinned);
    if (i < 0) i = questions.findIndex((q) => !q.pinned);
    questions = questions.toSpliced(i, 1);
  }
  return questions;
}

/**
 * The staff's lists of who is banned and muted, after an act.
 * @param {Room} room
 * @param {Act} act
 * @returns {Room}
 */
function acted(room, {act, at, target, seconds, reason}) {
  if (!target || !room.banned || !room.muted) return room;
  const entry = {user: target.id, name: target.name, until: seconds > 0 ? at + seconds * 1000 : -1};
  /** @template {Mute} T @param {T[]} list */
  const others = (list) => list.filter((e) => e.user !== target.id);
  switch (act) {
    case "mod.ban": return {...room, banned: [...others(room.banned), {...entry, reason}]};
    case "mod.unban": return {...room, banned: others(room.banned)};
    case "mod.mute": return {...room, muted: [...others(room.muted), entry]};
    case "mod.unmute": return {...room, muted: others(room.muted)};
  }
  return room;
}

/** @template {{id: unknown}} T @param {T[]} list @param {T} item @returns {T[]} */
function upsert(list, item) {
  const i = list.findIndex((other) => other.id === item.id);
  return i < 0 ? [...list, item] : list.map((other, at) => (at === i ? item : other));
}

/** @template {{id: unknown}} T @param {T[]} list @param {unknown} id @returns {T[]} */
function without(list, id) {
  return list.some((item) => item.id === id) ? list.filter((item) => item.id !== id) : list;
}

/** @template {{id: unknown}} T @param {T[]} list @param {unknown} id @param {(item: T) => T} fn @returns {T[]} */
function change(list, id, fn) {
  return list.some((item) => item.id === id) ? list.map((item) => (item.id === id ? fn(item) : item)) : list;
}

/** Where each field of a room is shown. @type {Record<string, string>} */
const partOf = {
  chat: "chat", questions: "questions", polls: "polls", quiz: "quiz", stage: "stage", count: "people", hands: "people",
  drafts: "drafts", banned: "staff", muted: "staff",
};

/**
 * Which parts differ between two states: "you", "mine", "points",
 * "suggestions", "connection", and of the room "chat", "questions", "polls",
 * "quiz", "stage", "people", "drafts", "staff" and, for the rest, "room".
 * @param {ClassState} before
 * @param {ClassState} after
 * @returns {Set<string>}
 */
export function difference(before, after) {
  /** @type {Set<string>} */
  const parts = new Set();
  for (const part of /** @type {const} */ (["you", "mine", "points", "suggestions", "connection"])) {
    if (before[part] !== after[part]) parts.add(part);
  }
  if (before.room === after.room) return parts;
  const from = /** @type {Record<string, unknown>} */ (before.room ?? {});
  const to = /** @type {Record<string, unknown>} */ (after.room ?? {});
  for (const field of new Set([...Object.keys(from), ...Object.keys(to)])) {
    if (from[field] !== to[field]) parts.add(partOf[field] ?? "room");
  }
  return parts;
}
