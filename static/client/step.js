// @ts-check
/** @import {Quiz, ServerMessage} from "./protocol.js" */
// Keeps polls, quizzes and surveys in step with a picture that comes late, as
// by HLS: "vote now" is not to stand there before it is heard. Pure, without a
// clock: time is told.

/** The most that anything is held back, in milliseconds. */
export const most = 5000;

/** How long a question waits to hear from the server when it opens for this person. */
const word = 500;

/** What is tied to what the teacher says and shows; all else is live. */
const said = new Set(["quiz.asked", "quiz.paused", "quiz.resumed", "quiz.extended", "quiz.closed", "quiz.revealed", "quiz.finished",
  "poll.opened", "poll.changed", "poll.shown", "poll.closed", "survey.opened", "survey.shown", "survey.closed"]);

/**
 * How things stand when a message comes.
 * @typedef {object} Moment
 * @property {number} now the server's clock
 * @property {number} behind by how much the picture is late; 0: it is not
 * @property {Quiz | null} [quiz] as it is shown
 */

/**
 * The messages that wait for the picture. Those of quizzes, of polls and of
 * surveys each stay in their order. A question opens when the server has said
 * that it does for this person ("quiz.mine"), for it is by that that answers
 * are taken and paid; polls and surveys, which pay nothing for speed, by the
 * picture itself. What a person did themselves is shown to them at once.
 */
export class Step {
  /** @type {Record<string, {message: ServerMessage, due: number}[]>} */
  #lines = {quiz: [], poll: [], survey: []};
  /** By how much a question is this person's later than others'. @type {{quiz: number, question: number, behind: number} | null} */
  #late = null;
  /** What is a person's own in a question that has yet to come: the two take different ways. @type {ServerMessage | null} */
  #early = null;

  /**
   * Takes a message, and returns those that are to be shown now.
   * @param {ServerMessage} message
   * @param {Moment} moment
   * @returns {ServerMessage[]}
   */
  take(message, moment) {
    const {type, data} = message;
    if (type === "quiz.mine") {
      this.#own(data);
      if (data.behind && !this.#known(data, moment.quiz)) {
        this.#early = message;
        return this.ready(moment.now);
      }
    }
    const due = this.#due(message, moment);
    if (due === undefined) return [message, ...this.ready(moment.now)];
    const line = this.#lines[type === "points.balance" ? "quiz" : type.split(".")[0]];
    line.push({message, due});
    if (type === "quiz.asked" && this.#early) {
      line.push({message: this.#early, due});
      this.#early = null;
    }
    return this.ready(moment.now);
  }

  /** The messages whose time has come, which wait no longer. @param {number} now @returns {ServerMessage[]} */
  ready(now) {
    const out = [];
    for (const line of Object.values(this.#lines)) {
      while (line.length > 0 && line[0].due <= now) out.push(/** @type {{message: ServerMessage}} */ (line.shift()).message);
    }
    return out;
  }

  /** When the next one's time comes; Infinity if none waits. */
  get next() {
    return Math.min(...Object.values(this.#lines).map((line) => line[0]?.due ?? Infinity));
  }

  /**
   * Whoever comes in anew is shown what there is; who comes back is sent what
   * they missed, and it still waits.
   * @param {import("./protocol.js").Welcome} welcome
   */
  enter({resumed, you, room}) {
    if (resumed) return;
    this.#early = null;
    for (const line of Object.values(this.#lines)) line.length = 0;
    const {quiz, behind} = you.quiz ?? {};
    this.#late = quiz && behind && room?.quiz?.id === quiz ? {quiz, question: room.quiz.question, behind} : null;
  }

  /** What is this person's own in a question. @param {import("./protocol.js").QuizMine} mine */
  #own({quiz, question, behind = 0}) {
    if (!behind) return;
    this.#late = {quiz, question, behind};
    for (const waiting of this.#lines.quiz) {
      const {type, data} = waiting.message;
      if (type === "quiz.asked" && data.id === quiz && data.question === question) waiting.due = data.current.asked_at + behind;
    }
  }

  /** Whether a question is shown, or waits to be. @param {import("./protocol.js").QuizMine} mine @param {Quiz | null} [shown] */
  #known({quiz, question}, shown) {
    return (shown?.id === quiz && shown.question === question) ||
      this.#lines.quiz.some(({message: {type, data}}) => type === "quiz.asked" && data.id === quiz && data.question === question);
  }

  /** When a message is to be shown; undefined: at once, before what waits. @param {ServerMessage} message @param {Moment} moment */
  #due({type, data}, {now, behind, quiz}) {
    const waits = this.#lines.quiz.length > 0;
    if (type === "points.balance") return waits ? now : undefined; // they tell what is to be revealed
    if (type === "quiz.mine" && data.correct === null) {
      const shown = quiz && quiz.id === data.quiz && quiz.question === data.question;
      return waits && !shown ? now : undefined;
    }
    if (type === "quiz.mine") {
      const late = this.#of({id: data.quiz, question: data.question});
      return waits || late ? now + late : undefined;
    }
    if (!said.has(type)) return undefined;
    const late = Math.min(Math.max(0, behind), most);
    if (!type.startsWith("quiz.")) return (type.endsWith(".opened") ? data.at : now) + late;
    if (type === "quiz.asked") return data.current.asked_at + (this.#of(data) || Math.min(late, word));
    return now + this.#of(data);
  }

  /** By how much a question is this person's later, as far as that is known. @param {{id: number, question: number}} quiz */
  #of({id, question}) {
    const late = this.#late;
    return late?.quiz === id && late.question === question ? late.behind : 0;
  }
}
