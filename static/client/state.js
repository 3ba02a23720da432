// @ts-check
/** @import {Act, Allowance, Ballot, Captions, Drafts, Mood, Mute, Points, Poll, PulseTally, Question, Quiz, QuizMine, Room, ServerMessage, Standing, Suggestion, Survey, Welcome, You} from "./protocol.js" */
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
 * @property {Mood | null} mood how this person has said that it goes
 * @property {PulseTally | null} pulse how it goes for all: for the staff
 * @property {ConnectionView} connection
 */

/** How much of each list is kept, as in the server's own snapshot. */
const keep = {chat: 100, questions: 200, held: 200, polls: 20, hands: 100, practice: 21, suggestions: 10, surveys: 10, pulse: 300, cues: 20};

/** Nothing is known yet. @type {ClassState} */
export const blank = Object.freeze({
  you: null, room: null, mine: null, points: null, suggestions: [], mood: null, pulse: null,
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
  "chat.said": (room, {held, ...message}) => ({...room, chat: upsert(room.chat, message).slice(-keep.chat),
    ...(held && room.held && {held: without(room.held, held)})}),
  "chat.held": (room, message) => ({...room, held: upsert(room.held ?? [], message).slice(-keep.held)}),
  "chat.rejected": (room, {id}) => (room.held ? {...room, held: without(room.held, id)} : room),
  "chat.deleted": (room, {id}) => ({...room, chat: without(room.chat, id)}),

  "qa.asked": (room, question) => ({...room, questions: trim(upsert(room.questions, question))}),
  "qa.answered": (room, {question, answer}) => ({...room, questions: change(room.questions, question, (q) =>
    ({...q, answered: true, ...(q.state && {state: "answered"}), answers: answer ? upsert(q.answers, answer) : q.answers}))}),
  "qa.replied": (room, {question, answer}) => ({...room, questions: change(room.questions, question, (q) =>
    ({...q, answers: upsert(q.answers, answer)}))}),
  "qa.changed": (room, question) => ({...room, questions: trim(upsert(room.questions, question))}),
  "qa.merged": (room, {from, into}) => ({...room, questions: trim(upsert(without(room.questions, from), into))}),
  "qa.focused": (room, {question}) => ({...room, questions: room.questions.map((q) =>
    Boolean(q.focus) === (q.id === question) ? q : {...q, focus: q.id === question})}),
  "qa.held": (room, {hold}) => ({...room, board: {experts: [], ...room.board, hold}}),
  "qa.experts": (room, {experts}) => ({...room, board: {hold: false, ...room.board, experts}}),
  "qa.pinned": (room, {question}) => ({...room, questions: room.questions.map((q) =>
    q.pinned === (q.id === question) ? q : {...q, pinned: q.id === question})}),
  "qa.deleted": (room, {id}) => ({...room, questions: deleted(room.questions, id)}),
  "qa.votes": (room, {votes}) => ({...room, questions: room.questions.map((q) =>
    votes[q.id] === undefined || votes[q.id] === q.votes ? q : {...q, votes: votes[q.id]})}),

  "poll.opened": (room, poll) => polled(room, poll),
  "poll.closed": (room, poll) => polled(room, poll),
  "poll.shown": (room, poll) => polled(room, poll),
  "poll.changed": (room, poll) => polled(room, poll),
  "poll.drafted": (room, poll) => drafted(room, (drafts) => ({...drafts, polls: upsert(drafts.polls, poll)})),
  "poll.dropped": (room, {poll}) => drafted(room, (drafts) => ({...drafts, polls: without(drafts.polls, poll)})),
  "poll.tally": (room, {poll, voters, weight, counts, result}) => ({...room, polls: change(room.polls, poll, (p) =>
    p.phase === "closed" ? p : {...p, voters, counts, ...(weight !== undefined && {weight}), ...(result !== undefined && {result})})}), // a late signal never undoes a result

  "survey.opened": (room, survey) => surveyed(room, survey),
  "survey.closed": (room, survey) => surveyed(room, survey),
  "survey.shown": (room, survey) => surveyed(room, survey),
  "survey.drafted": (room, survey) => drafted(room, (drafts) => ({...drafts, surveys: upsert(drafts.surveys ?? [], survey)})),
  "survey.dropped": (room, {survey}) => drafted(room, (drafts) => ({...drafts, surveys: without(drafts.surveys ?? [], survey)})),
  "survey.tally": (room, {survey, answered, result}) => ({...room, surveys: change(room.surveys ?? [], survey, (s) =>
    s.phase === "closed" ? s : {...s, answered, ...(result && {result})})}),
  "pulse.noted": (room, note) => ({...room, pulse: [...(room.pulse ?? []).filter(({at}) => at !== note.at), note].slice(-keep.pulse)}),

  "quiz.drafted": (room, quiz) => drafted(room, (drafts) => ({...drafts, quizzes: upsert(drafts.quizzes, quiz)})),
  "quiz.dropped": (room, {quiz}) => drafted(room, (drafts) => ({...drafts, quizzes: without(drafts.quizzes, quiz)})),
  "quiz.asked": (room, quiz) => drafted({...room, quiz}, (drafts) => // who may play does not see the key
    (quiz.play ? {...drafts, quizzes: without(drafts.quizzes, quiz.id)} : drafts)),
  "quiz.paused": (room, quiz) => ({...room, quiz}),
  "quiz.resumed": (room, quiz) => ({...room, quiz}),
  "quiz.extended": (room, quiz) => ({...room, quiz}),
  "quiz.allowed": (room, who) => allowed(room, who.user, who.times || who.untimed ? who : null),
  "quiz.closed": (room, quiz) => ({...room, quiz}),
  "quiz.revealed": (room, quiz) => ({...room, quiz}),
  "quiz.finished": (room, quiz) => drafted({...room, quiz, practice: practised(room, quiz)}, (drafts) =>
    ({...drafts, quizzes: without(drafts.quizzes, quiz.id)})),
  "quiz.tally": (room, tally) => tallied(room, tally),

  "hand.raised": (room, person) => ({...room, hands: upsert(room.hands, person).slice(0, keep.hands)}),
  "hand.lowered": (room, {id}) => ({...room, hands: without(room.hands, id)}),
  "role.changed": (room, person) => ({...room, hands: change(room.hands, person.id, () => person)}),
  "room.presence": (room, {count}) => (room.count === count ? room : {...room, count}),
  "room.opened": (room, {phase, started_at, ended_at}) => ({...room, phase, started_at, ended_at, ...(room.pulse && {pulse: []})}),
  "room.ended": (room, {phase, started_at, ended_at}) => ({...room, phase, started_at, ended_at, stage: off, hands: [], ...(room.seats && {seats: undefined}), ...(room.speaker !== undefined && {speaker: undefined}), ...(room.captions && {captions: undefined})}),
  "room.changed": (room, {title}) => ({...room, title}),
  "room.topic": (room, {topic}) => ({...room, topic}),
  "room.segment": (room, {segment}) => ({...room, segment}),
  "shelf.pinned": (room, {item}) => ({...room, pinned: item}),
  "caption.said": (room, cue) => captioned(room, (captions) => ({...captions, cues: upsert(captions.cues, cue).slice(-keep.cues),
    langs: captions.langs.includes(cue.lang) ? captions.langs : [...captions.langs, cue.lang]})),
  "caption.fixed": (room, cue) => captioned(room, (captions) => ({...captions, cues: cue.text ? change(captions.cues, cue.id, () => cue) : without(captions.cues, cue.id)})),
  "caption.drafts": (room, {drafts}) => captioned(room, (captions) => ({...captions, drafts: {...captions.drafts, ...drafts},
    langs: [...captions.langs, ...Object.keys(drafts).filter((lang) => !captions.langs.includes(lang))]})),
  "room.slowed": (room, {slow}) => ({...room, slow}),
  "record.changed": (room, recording) => ({...room, recording}),
  "stage.changed": (room, {live, by, since, sources}) => ({...room, stage: {live, by, since, sources}}),
  "stage.seats": (room, seats) => ({...room, seats}),
  "stage.speaker": (room, {seat}) => (room.speaker === seat ? room : {...room, speaker: seat}),
  "mod.acted": (room, act) => acted(room, act),
};

/** Nobody is on air. @type {Room["stage"]} */
const off = {live: false, by: null, since: 0, sources: []};

/** What a message changes for this person. @type {Record<string, (state: ClassState, data: any, you: You) => ClassState>} */
const ofPerson = {
  "you.changed": (state, you) => ({...state, you}),
  "poll.mine": (state, mine, you) => ({...state, you: voted(you, mine)}),
  "quiz.asked": (state, quiz, you) => {
    const {mine} = state;
    const own = mine !== null && mine.quiz === quiz.id && mine.question === quiz.question; // it may come before
    return {...state, mine: own ? mine : null, you: begun(you, quiz, own)};
  },
  "chat.mine": (state, {held}, you) => ({...state, you: {...you, held}}),
  "qa.mine": (state, board, you) => ({...state, you: {...you, board}}),
  "qa.merged": (state, {from, into}, you) => (you.upvotes.includes(from) ? {...state, you: {...you, upvotes: moved(you, from, into)}} : state),
  "quiz.mine": (state, mine, you) => ({...state, mine, you: standing(you, mine)}),
  "room.ended": (state, _, you) => (you.stage ? {...state, you: {...you, hand: false, stage: undefined}} : hand(state, you, you.id, false)),
  "hand.raised": (state, person, you) => hand(state, you, person.id, true),
  "hand.lowered": (state, {id}, you) => hand(state, you, id, false),
  "role.changed": (state, person, you) => (person.id !== you.id ? state : {...state, you: {...you, role: person.role}}),
  "survey.mine": (state, {survey, answers}, you) => ({...state, you: {...you, surveys: {...you.surveys, [survey]: answers}}}),
  "pulse.mine": (state, mood) => ({...state, mood}),
  "pulse.tally": (state, pulse) => ({...state, pulse}),
  "points.balance": (state, points) => ({...state, points}),
  "suggest.offered": (state, offer) => ({...state, suggestions: [...state.suggestions, offer].slice(-keep.suggestions)}),
};

/**
 * One's votes after two questions became one: whoever voted for both has
 * voted once, and nobody for a question of their own.
 * @param {You} you
 * @param {number} from
 * @param {Question} into
 */
function moved({id, upvotes, board}, from, into) {
  const others = upvotes.filter((vote) => vote !== from && vote !== into.id);
  const own = into.by.id === id || board?.asked.includes(into.id);
  return own ? others : [...others, into.id].sort((a, b) => a - b);
}

/** @param {ClassState} state @param {You} you @param {string} id @param {boolean} up @returns {ClassState} */
function hand(state, you, id, up) {
  return id !== you.id || you.hand === up ? state : {...state, you: {...you, hand: up}};
}

/**
 * Own vote in a poll, in place of an earlier one; nothing where it was taken back.
 * @param {You} you
 * @param {{poll: number, choices: number[]} & Ballot} mine
 * @returns {You}
 */
function voted(you, {poll, choices, ...ballot}) {
  const {[poll]: _, ...votes} = you.votes;
  if (choices.length > 0) votes[poll] = choices;
  if (!you.ballots && Object.keys(ballot).length === 0) return {...you, votes};
  const {[poll]: __, ...ballots} = you.ballots ?? {};
  if (Object.keys(ballot).length > 0) ballots[poll] = ballot;
  return {...you, votes, ballots};
}

/**
 * What was answered to another quiz is over when a question is asked, and a
 * time of one's own unless it is for this question.
 * @param {You} you
 * @param {Quiz} quiz
 * @param {boolean} own
 */
function begun(you, quiz, own) {
  const {deadline, behind, ...standing} = you.quiz ?? {};
  const stands = (deadline || behind) && you.quiz && !own ? /** @type {Standing} */ (standing) : you.quiz;
  if (stands === you.quiz && you.answers.every((a) => a.quiz === quiz.id)) return you;
  return {...you, quiz: stands, answers: you.answers.filter((a) => a.quiz === quiz.id)};
}

/** @param {You} you @param {QuizMine} mine @returns {You} */
function standing(you, {quiz, question, choices, text, number, texts, point, score, rank, of, streak, team, deadline, behind}) {
  const others = you.answers.filter((a) => a.quiz !== quiz || a.question !== question);
  const more = given({streak, team, deadline, behind});
  const placed = score !== null && rank !== null && of !== null ? {quiz, score, rank, of, ...more} : you.quiz;
  const answer = {quiz, question, choices, ...given({text, number, texts, point})};
  return {...you, answers: choices ? [...others, answer] : you.answers, quiz: placed};
}

/** Those of the fields that are there. @template {object} T @param {T} fields @returns {Partial<T>} */
function given(fields) {
  return /** @type {Partial<T>} */ (Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
}

/** Who has more time, after that of one person was set; null: the usual. @param {Room} room @param {string} user @param {Allowance | null} allowance */
function allowed(room, user, allowance) {
  const others = (room.allowed ?? []).filter((a) => a.user !== user);
  return {...room, allowed: allowance ? [...others, allowance] : others};
}

/** The quizzes that can be practised once this one is finished, oldest first. @param {Room} room @param {Quiz} quiz */
function practised({practice = []}, {id, title, question}) {
  return [...practice.filter((q) => q.id !== id), {id, title, of: question + 1}].slice(-keep.practice);
}

/** @param {Room} room @param {Poll} poll @returns {Room} */
function polled(room, poll) {
  return drafted({...room, polls: upsert(room.polls, poll).slice(-keep.polls)}, (drafts) =>
    ({...drafts, polls: without(drafts.polls, poll.id)}));
}

/** Viewers keep of the closed surveys only those whose result is shown. @param {Room} room @param {Survey} survey @returns {Room} */
function surveyed(room, survey) {
  const gone = !room.drafts && survey.phase === "closed" && !survey.shown;
  const surveys = gone ? without(room.surveys ?? [], survey.id) : upsert(room.surveys ?? [], survey).slice(-keep.surveys);
  const next = {...room, surveys};
  return room.drafts?.surveys ? drafted(next, (drafts) => ({...drafts, surveys: without(drafts.surveys ?? [], survey.id)})) : next;
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
 * set aside or answered go first, then the oldest that are not in front. What
 * waits for approval is counted by itself.
 * @param {Question[]} questions
 */
function trim(questions) {
  const waits = (/** @type {Question} */ q) => q.state === "waiting";
  const front = (/** @type {Question} */ q) => waits(q) || q.pinned || q.focus;
  while (questions.length > keep.questions && questions.filter((q) => !waits(q)).length > keep.questions) {
    let i = questions.findIndex((q) => q.state === "dismissed");
    if (i < 0) i = questions.findIndex((q) => q.answered && !front(q));
    if (i < 0) i = questions.findIndex((q) => !front(q));
    questions = questions.toSpliced(i, 1);
  }
  while (questions.filter(waits).length > keep.held) questions = questions.toSpliced(questions.findIndex(waits), 1);
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

/** What a message changes of the captions. @param {Room} room @param {(captions: Captions) => Captions} fn @returns {Room} */
const captioned = (room, fn) => ({...room, captions: fn(room.captions ?? {langs: [], cues: []})});

/** Where each field of a room is shown. @type {Record<string, string>} */
const partOf = {
  chat: "chat", questions: "questions", polls: "polls", quiz: "quiz", stage: "stage", count: "people", hands: "people",
  board: "questions", practice: "quiz", surveys: "surveys", pulse: "pulse", drafts: "drafts", allowed: "drafts", banned: "staff", muted: "staff", held: "staff",
  captions: "captions",
};

/**
 * Which parts differ between two states: "you", "mine", "points",
 * "suggestions", "mood", "pulse", "connection", and of the room "chat",
 * "questions", "polls", "surveys", "pulse", "quiz", "stage", "people", "captions", "drafts", "staff" and, for the rest, "room".
 * @param {ClassState} before
 * @param {ClassState} after
 * @returns {Set<string>}
 */
export function difference(before, after) {
  /** @type {Set<string>} */
  const parts = new Set();
  for (const part of /** @type {const} */ (["you", "mine", "points", "suggestions", "mood", "pulse", "connection"])) {
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
