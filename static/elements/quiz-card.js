// @ts-check
/** @import {OwnAnswer, Quiz, QuizCurrent, QuizMine} from "../client/protocol.js" */
/** @import {Me} from "./leader-board.js" */
import {clock, number, t} from "../i18n.js";
import {aria, flag, h, icon, keyed, setIcon, text, View} from "./dom.js";
import {send} from "./intents.js";
import {choiceSign, letter} from "./person.js";
import {ownAnswer, right} from "./rules.js";
import {announce} from "./toast.js";
import "./leader-board.js";

/**
 * @typedef {{quiz: Quiz, now: () => number, answers?: OwnAnswer[], mine?: QuizMine | null, me?: Me | null, staff?: boolean}} QuizView
 */

/**
 * <quiz-card> draws a running quiz: the question with its time, the answer
 * that was locked in, the reveal with points and ranks, and the podium. It
 * sends "quiz-answer"; for staff "quiz-ask", "quiz-close", "quiz-reveal" and
 * "quiz-finish". Time is the server's, by view.now.
 * @extends {View<QuizView>}
 */
export class QuizCard extends View {
  /** Ticked but not sent, where several may be right. @type {Set<number>} */
  #ticked = new Set();
  #drawn = "";
  #said = "";
  /** @type {ReturnType<typeof setInterval> | undefined} */ #tick;

  build() {
    this.classList.add("activity-card", "quiz");
    this.place = h("span", {class: "small faint numeric"});
    this.worth = h("span", {class: "small faint numeric quiz__worth"});
    this.seconds = h("span", {class: "quiz__seconds numeric", role: "timer", aria: {live: "off"}});
    this.timeFill = h("div", {class: "bar__fill"});
    this.timeBar = h("div", {class: "bar quiz__bar", aria: {hidden: "true"}}, this.timeFill);
    this.heading = h("h2", {class: "activity-card__title", tabIndex: -1});
    this.choices = h("ul", {class: "choices"});
    this.outcomeIcon = icon("check");
    this.outcomeText = h("span", {class: "grow"});
    this.outcomePoints = h("strong", {class: "quiz__points numeric"});
    this.outcome = h("p", {class: "quiz__outcome"}, this.outcomeIcon, this.outcomeText, this.outcomePoints);
    this.submit = h("button", {type: "button", class: "btn btn--primary", onclick: () => this.#answer([...this.#ticked].sort((a, b) => a - b))},
      t("quiz.submit"));
    this.board = /** @type {import("./leader-board.js").LeaderBoard} */ (h("leader-board"));
    this.standings = h("details", {class: "quiz__standings"}, h("summary", null, icon("trophy"), t("quiz.board")), this.board);
    this.staffRow = h("div", {class: "cluster"});
    for (const [type, look, label] of [["quiz-ask", "btn btn--primary btn--small", t("quiz.next")], ["quiz-close", "btn btn--small", t("quiz.close")],
      ["quiz-reveal", "btn btn--primary btn--small", t("quiz.reveal")], ["quiz-finish", "btn btn--small", t("quiz.finish")]]) {
      this.staffRow.append(h("button", {type: "button", class: look, data: {act: type}, onclick: () => {
        send(this, type, {quiz: this.view.quiz.id}).catch(() => {});
      }}, label));
    }
    this.foot = h("div", {class: "activity-card__foot"}, this.outcome, this.submit, this.staffRow);
    this.append(h("div", {class: "activity-card__head"}, h("span", {class: "badge badge--gold"}, icon("quiz"), t("quiz.name")), this.place,
      this.worth, this.seconds), this.timeBar, this.heading, this.choices, this.foot, this.standings);
    this.#drawn = "";
  }

  connectedCallback() {
    super.connectedCallback();
    this.#tick = setInterval(() => this.#time(), 200);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#tick);
  }

  /** @param {QuizView} view */
  update(view) {
    const {place, worth, heading, choices, board, standings} = this;
    if (!place || !worth || !heading || !choices || !board || !standings) return;
    const {quiz, me} = view;
    const {current, phase} = quiz;
    const finished = phase === "finished";
    const name = `${quiz.id}/${quiz.question}`;
    if (this.#drawn !== name) {
      this.#drawn = name;
      this.#ticked.clear();
    }
    this.dataset.phase = phase;
    text(place, quiz.question < 0 || finished ? t("quiz.questions", {n: quiz.of}) : t("quiz.place", {at: quiz.question + 1, of: quiz.of}));
    text(worth, current && phase === "open" ? t("quiz.worth", {n: current.points}) : "");
    text(heading, current && !finished ? current.text : quiz.title);
    choices.hidden = !current || finished;
    if (current && !finished) this.#choices(view, current);
    this.#outcome(view);
    this.#staff(view);
    standings.hidden = quiz.board.length === 0 || phase === "open" || phase === "closed";
    if (standings.dataset.for !== `${name}/${phase}`) {
      standings.dataset.for = `${name}/${phase}`;
      standings.open = finished || Boolean(view.staff);
    }
    board.view = {board: quiz.board, me, podium: finished};
    this.#time();
    this.#say(view);
  }

  /** @param {QuizView} view @param {QuizCurrent} current */
  #choices(view, current) {
    const {quiz, staff} = view;
    const own = ownAnswer(view);
    const {correct, counts} = current;
    const open = quiz.phase === "open" && !own && !staff;
    const most = Math.max(1, ...(counts ?? []));
    flag(this, "activity-card--wide", current.choices.length > 4);
    if (!this.choices) return;
    keyed(this.choices, current.choices.map((label, choice) => ({label, choice})), ({choice}) => `${this.#drawn}/${choice}`,
      ({choice}) => h("li", {class: "choice"}, h("button", {type: "button", class: "choice__button", onclick: () => this.#pick(choice)},
        h("span", {class: "choice__fill", style: {"--choice": `var(--choice-${choice % 6})`}}), choiceSign(choice), h("span", {class: "choice__text"}),
        h("span", {class: "choice__share numeric"}), h("span", {class: "choice__mark"}))),
      (node, {label, choice}) => {
        const button = node.firstElementChild;
        const picked = own ? own.includes(choice) : quiz.phase === "open" && this.#ticked.has(choice);
        const isRight = correct?.includes(choice);
        button.disabled = !open;
        aria(button, "pressed", staff ? null : picked);
        flag(node, "choice--mine", own?.includes(choice));
        flag(node, "choice--ticked", !own && picked);
        flag(node, "choice--bars", counts !== null);
        flag(node, "choice--right", isRight);
        flag(node, "choice--wrong", correct && picked && !isRight);
        flag(node, "choice--dim", (correct && !isRight && !picked) || (own && !correct && !picked));
        text(node.querySelector(".choice__text"), label);
        text(node.querySelector(".choice__share"), counts ? number(counts[choice]) : "");
        node.querySelector(".choice__fill").style.transform = `scaleX(${counts ? counts[choice] / most : 0})`;
        const mark = node.querySelector(".choice__mark");
        const sign = correct ? (isRight ? "check" : picked ? "close" : "") : own && picked ? "lock" : "";
        if (mark.dataset.sign !== sign) {
          mark.dataset.sign = sign;
          const words = {check: t("quiz.right"), close: t("quiz.wrong"), lock: t("quiz.locked"), "": ""}[sign];
          mark.replaceChildren(...(sign ? [icon(sign), h("span", {class: "sr-only"}, words ?? "")] : []));
        }
      });
    if (this.submit) {
      this.submit.hidden = !open || !current.multiple;
      this.submit.disabled = this.#ticked.size === 0;
    }
  }

  /** What became of the person's answer, in one line. @param {QuizView} view */
  #outcome(view) {
    const {quiz, mine, me, staff} = view;
    const {outcome, outcomeIcon, outcomeText, outcomePoints, submit} = this;
    if (!outcome || !outcomeIcon || !outcomeText || !outcomePoints || !submit) return;
    const {phase, current} = quiz;
    const result = mine && mine.quiz === quiz.id && mine.question === quiz.question ? mine : null;
    const own = ownAnswer(view);
    const answered = own !== undefined;
    let words = "", look = "", picture = "info", points = "";
    if (phase !== "open") submit.hidden = true;
    if (staff) {
      if (current && phase !== "finished") words = t("quiz.answered.count", {n: current.answered});
      picture = "people";
    } else if (phase === "ready") words = t("quiz.ready");
    else if (phase === "open" && answered) [words, picture] = [t("quiz.locked.wait"), "lock"];
    else if (phase === "open" && current?.multiple) words = t("quiz.multiple");
    else if (phase === "closed") [words, picture] = [t(answered ? "quiz.closed.answered" : "quiz.closed"), "clock"];
    else if (phase === "revealed") {
      // After a reload the choices are known but no longer the result: they tell.
      const correct = result?.correct ?? (own && current?.correct ? right(own, current.correct) : null);
      if (!answered) [words, picture] = [t("quiz.missed"), "clock"];
      else if (correct) [words, look, picture] = [t("quiz.right.say"), "good", "check"];
      else if (correct === false) [words, look, picture] = [t("quiz.wrong.say"), "danger", "close"];
      if (result?.points) points = t("quiz.gained", {n: result.points});
      if (me && me.rank > 0) words += ` ${t("quiz.rank", {rank: me.rank, of: me.of})}`;
    } else if (phase === "finished" && me && me.rank > 0) {
      [words, look, picture, points] = [t("quiz.final", {rank: me.rank, of: me.of}), "good", "trophy", t("quiz.score", {n: me.score})];
    }
    outcome.className = look ? `quiz__outcome quiz__outcome--${look}` : "quiz__outcome";
    outcome.hidden = words === "";
    setIcon(outcomeIcon, picture);
    text(outcomeText, words);
    text(outcomePoints, points);
  }

  /** @param {QuizView} view */
  #staff({quiz, staff}) {
    if (!this.staffRow || !this.foot || !this.outcome || !this.submit) return;
    const last = quiz.question + 1 >= quiz.of;
    const allowed = {
      "quiz-ask": (quiz.phase === "ready" || quiz.phase === "revealed") && !last,
      "quiz-close": quiz.phase === "open",
      "quiz-reveal": quiz.phase === "closed",
      "quiz-finish": quiz.phase === "revealed" || quiz.phase === "ready",
    };
    this.staffRow.hidden = !staff || quiz.phase === "finished";
    for (const button of /** @type {Iterable<HTMLElement>} */ (this.staffRow.children)) {
      button.hidden = !allowed[/** @type {keyof typeof allowed} */ (button.dataset.act)];
      if (button.dataset.act === "quiz-ask") text(button, t(quiz.question < 0 ? "quiz.first" : "quiz.next"));
    }
    this.foot.hidden = this.staffRow.hidden && this.outcome.hidden && this.submit.hidden;
  }

  /** The seconds that are left; the last ten and the last are said aloud. */
  #time() {
    const view = this.view;
    const {seconds, timeBar, timeFill} = this;
    if (!view || !seconds || !timeBar || !timeFill) return;
    const {quiz, now} = view;
    const open = quiz.phase === "open" && quiz.current;
    seconds.hidden = timeBar.hidden = !open;
    if (!open) return;
    const left = Math.max(0, open.deadline - now());
    const whole = Math.ceil(left / 1000);
    text(seconds, clock(whole));
    timeFill.style.transform = `scaleX(${Math.min(1, left / (open.seconds * 1000))})`;
    flag(this, "quiz--soon", whole <= 5);
    if (whole === 10 && open.seconds > 15) this.#once(`${this.#drawn}/ten`, t("quiz.ten"), "assertive");
  }

  /** @param {string} name @param {string} words @param {"polite" | "assertive"} urgency */
  #once(name, words, urgency) {
    if (this.#said === name) return;
    this.#said = name;
    announce(words, urgency);
  }

  /** @param {QuizView} view */
  #say(view) {
    const {quiz, mine, me, staff} = view;
    const {current, phase} = quiz;
    const name = `${quiz.id}/${quiz.question}/${phase}`;
    if (this.#said === name || (phase === "open" && this.#said === `${this.#drawn}/ten`)) return;
    if (phase === "open" && current) {
      const list = current.choices.map((choice, i) => `${letter(i)}: ${choice}`).join("; ");
      this.#once(name, t("quiz.say.open", {text: current.text, list, s: current.seconds}), "assertive");
    } else if (phase === "closed") this.#once(name, t("quiz.say.closed"), "assertive");
    else if (phase === "revealed" && current?.correct) {
      const result = mine && mine.quiz === quiz.id && mine.question === quiz.question ? mine : null;
      if (result && result.correct === null) return; // the own result is on its way
      const list = current.correct.map((i) => `${letter(i)}: ${current.choices[i]}`).join("; ");
      const answered = ownAnswer(view) !== undefined;
      const own = staff ? "" : !answered ? t("quiz.missed") : result ? t(result.correct ? "quiz.right.say" : "quiz.wrong.say") : "";
      this.#once(name, `${t("quiz.say.revealed", {list})} ${own}`, "polite");
    } else if (phase === "finished") {
      this.#once(name, me && me.rank > 0 ? t("quiz.final", {rank: me.rank, of: me.of}) : t("quiz.say.finished"), "polite");
    }
  }

  /** @param {number} choice */
  #pick(choice) {
    const current = this.view.quiz.current;
    if (!current) return;
    if (!current.multiple) {
      this.#answer([choice]);
      return;
    }
    if (!this.#ticked.delete(choice)) this.#ticked.add(choice);
    this.refresh();
  }

  /** @param {number[]} choices */
  #answer(choices) {
    const {quiz} = this.view;
    this.#ticked = new Set(choices); // shown as picked while the server has not answered yet
    this.refresh();
    send(this, "quiz-answer", {quiz: quiz.id, question: quiz.question, choices}).catch(() => {
      this.#ticked.clear();
      this.refresh();
    });
  }
}

customElements.define("quiz-card", QuizCard);
