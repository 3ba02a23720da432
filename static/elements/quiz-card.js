// @ts-check
/** @import {OwnAnswer, Quiz, QuizCurrent, QuizMine, QuizReply, Standing} from "../client/protocol.js" */
/** @import {Me} from "./leader-board.js" */
import {clock, t} from "../i18n.js";
import {aria, flag, h, icon, keyed, setIcon, text, View} from "./dom.js";
import {keepFocus} from "./focus.js";
import {send} from "./intents.js";
import {letter} from "./person.js";
import {plainMaths} from "./maths.js";
import {areaWords} from "./hot-spot.js";
import {keyWords, ownPart, ownReply, plainText, rightReply, says, timeLeft, timeOf, typeOf} from "./quiz-rules.js";
import {openPractice} from "./quiz-practice.js";
import {richText} from "./rich-text.js";
import {announce} from "./toast.js";
import "./leader-board.js";
import "./quiz-answer.js";

/**
 * @typedef {{quiz: Quiz, now: () => number, answers?: OwnAnswer[], mine?: QuizMine | null, me?: Me | null,
 *   standing?: Standing | null, user?: string, staff?: boolean}} QuizView
 */

/** How much time a tap gives, in seconds. */
const more = 10;

/**
 * <quiz-card> draws a running quiz: the question with its time, the answer
 * that was locked in, the reveal with points and ranks, and the podium. It
 * sends "quiz-answer" and "quiz-join"; for staff "quiz-ask", "quiz-pause",
 * "quiz-resume", "quiz-extend", "quiz-close", "quiz-reveal" and "quiz-finish".
 * Time is the server's, by view.now.
 * @extends {View<QuizView>}
 */
export class QuizCard extends View {
  #drawn = "";
  #said = "";
  /** Whether this person's time was over when the card was drawn. */
  #over = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #tick;

  build() {
    this.classList.add("activity-card", "quiz");
    this.place = h("span", {class: "small faint numeric"});
    this.worth = h("span", {class: "small faint numeric quiz__worth"});
    this.run = h("span", {class: "badge badge--gold quiz__streak"}, icon("spark"), h("span"));
    this.seconds = h("span", {class: "quiz__seconds numeric", role: "timer", aria: {live: "off"}});
    this.timeFill = h("div", {class: "bar__fill"});
    this.timeBar = h("div", {class: "bar quiz__bar", aria: {hidden: "true"}}, this.timeFill);
    this.heading = h("h2", {class: "activity-card__title", tabIndex: -1});
    this.teams = h("div", {class: "cluster quiz__teams", role: "group", aria: {label: t("quiz.team.choose")}},
      h("span", {class: "quiz__teams-label", aria: {hidden: "true"}}, t("quiz.team.choose")), h("span", {class: "cluster"}));
    this.answer = /** @type {import("./quiz-answer.js").QuizAnswer} */ (h("quiz-answer"));
    this.answer.addEventListener("reply", (event) => this.#answer(/** @type {CustomEvent} */ (event).detail));
    this.explanation = h("p", {class: "quiz__explanation"}, icon("info"), h("span", {class: "grow"}));
    this.outcomeIcon = icon("check");
    this.outcomeText = h("span", {class: "grow"});
    this.outcomePoints = h("strong", {class: "quiz__points numeric"});
    this.outcome = h("p", {class: "quiz__outcome"}, this.outcomeIcon, this.outcomeText, this.outcomePoints);
    this.board = /** @type {import("./leader-board.js").LeaderBoard} */ (h("leader-board"));
    this.standings = h("details", {class: "quiz__standings"}, h("summary", null, icon("trophy"), t("quiz.board")), this.board);
    this.practise = h("button", {type: "button", class: "btn btn--small", onclick: () => void openPractice(this, this.view.quiz.id)}, icon("undo"), t("quiz.practise"));
    this.staffRow = h("div", {class: "cluster"});
    for (const [type, look, label] of [["quiz-ask", "btn btn--primary btn--small", t("quiz.next")], ["quiz-close", "btn btn--small", t("quiz.close")],
      ["quiz-pause", "btn btn--small btn--quiet", t("quiz.pause")], ["quiz-resume", "btn btn--primary btn--small", t("quiz.resume")],
      ["quiz-extend", "btn btn--small btn--quiet", t("quiz.extend", {n: more})],
      ["quiz-reveal", "btn btn--primary btn--small", t("quiz.reveal")], ["quiz-finish", "btn btn--small", t("quiz.finish")]]) {
      this.staffRow.append(h("button", {type: "button", class: look, data: {act: type}, onclick: () => {
        if (type === "quiz-reveal" && this.#settling() > 0) return;
        send(this, type, {quiz: this.view.quiz.id, ...(type === "quiz-extend" && {seconds: more})}).catch(() => {});
      }}, label));
    }
    this.foot = h("div", {class: "activity-card__foot"}, this.outcome, this.practise, this.staffRow);
    this.append(h("div", {class: "activity-card__head"}, h("span", {class: "badge badge--gold"}, icon("quiz"), t("quiz.name")), this.place,
      this.worth, this.run, this.seconds), this.timeBar, this.heading, this.teams, this.answer, this.explanation, this.foot, this.standings);
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
    keepFocus(this, () => this.#draw(view), (held) => [...(this.staffRow?.contains(held) ? this.staffRow.children : []), this.heading]);
  }

  /** @param {QuizView} view */
  #draw(view) {
    const {place, worth, heading, answer, board, standings, explanation} = this;
    if (!place || !worth || !heading || !answer || !board || !standings || !explanation) return;
    const {quiz, me} = view;
    const {current, phase} = quiz;
    const finished = phase === "finished";
    const name = `${quiz.id}/${quiz.question}`;
    this.#drawn = name;
    this.dataset.phase = phase;
    this.#over = this.#left() === 0;
    text(place, quiz.question < 0 || finished ? t("quiz.questions", {n: quiz.of}) : t("quiz.place", {at: quiz.question + 1, of: quiz.of}));
    text(worth, current && phase === "open" ? t(quiz.scoring === "accuracy" || current.seconds === 0 ? "quiz.worth.flat" : "quiz.worth", {n: current.points}) : "");
    richText(heading, current && !finished ? (typeOf(current) === "gaps" ? t("quiz.gaps") : current.text) : quiz.title, {author: view.staff});
    answer.hidden = !current || finished;
    if (current && !finished) {
      answer.view = {name, face: current, key: current, own: ownReply(view), counts: current.counts, words: current.words,
        open: phase === "open" && !current.paused_at && !this.#over, watching: this.#watches(view), seed: quiz.seed, user: view.user};
    }
    explanation.hidden = !current?.explanation || finished;
    if (explanation.lastElementChild) richText(explanation.lastElementChild, current?.explanation ?? "", {author: view.staff});
    this.#team(view);
    this.#outcome(view);
    this.#staff(view);
    standings.hidden = quiz.board.length === 0 || phase === "open" || phase === "closed";
    if (standings.dataset.for !== `${name}/${phase}`) {
      standings.dataset.for = `${name}/${phase}`;
      standings.open = finished || Boolean(view.staff);
    }
    board.view = {board: quiz.board, me, podium: finished, teams: quiz.teams, team: this.#own(view)?.team};
    this.#time();
    this.#say(view);
  }

  /** Whether this person only looks on. @param {QuizView} view */
  #watches = ({staff, quiz}) => Boolean(staff && !quiz.play);

  /** What is this person's own in the question. @param {QuizView} view */
  #own = ({quiz, mine, standing}) => ownPart(quiz, mine, standing);

  /** The milliseconds that this person has left. */
  #left() {
    const {quiz, now} = this.view;
    return quiz.phase === "open" && quiz.current ? timeLeft(quiz.current, this.#own(this.view), now()) : 0;
  }

  /** The seconds for which some who see the class late may still answer. */
  #settling() {
    const {quiz, now} = this.view;
    return quiz.phase === "closed" ? Math.max(0, Math.ceil(((quiz.current?.settles_at ?? 0) - now()) / 1000)) : 0;
  }

  /** The teams to choose from, until the first answer. @param {QuizView} view */
  #team(view) {
    const {teams, run} = this;
    if (!teams || !run) return;
    const {quiz, answers = []} = view;
    const own = this.#own(view);
    const list = quiz.teams ?? [];
    const begun = answers.some((a) => a.quiz === quiz.id && says(a)) || ownReply(view) !== undefined;
    teams.hidden = list.length === 0 || begun || quiz.phase === "finished" || this.#watches(view);
    const rows = teams.lastElementChild;
    if (rows) keyed(rows, teams.hidden ? [] : list.map((team, i) => ({...team, at: i + 1})), (team) => `${quiz.id}/${team.at}`, (team) =>
      h("button", {type: "button", class: "chip", onclick: () => send(this, "quiz-join", {quiz: quiz.id, team: team.at}).catch(() => {})}, icon("people"), h("span", null, team.name)),
    (node, team) => aria(node, "pressed", own?.team === team.at));
    const streak = own?.streak ?? 0;
    run.hidden = streak < 2 || quiz.phase === "finished";
    if (run.lastElementChild) text(run.lastElementChild, t("quiz.streak", {n: streak}));
  }

  /** What became of the person's answer, in one line. @param {QuizView} view */
  #outcome(view) {
    const {quiz, mine, me, staff} = view;
    const {outcome, outcomeIcon, outcomeText, outcomePoints, practise} = this;
    if (!outcome || !outcomeIcon || !outcomeText || !outcomePoints || !practise) return;
    const {phase, current} = quiz;
    const result = mine && mine.quiz === quiz.id && mine.question === quiz.question ? mine : null;
    const own = ownReply(view);
    const answered = own !== undefined;
    const watches = this.#watches(view);
    let words = "", look = "", picture = "info", points = "";
    if (watches || (staff && phase === "open")) {
      if (current && phase !== "finished") words = t("quiz.answered.count", {n: current.answered});
      if (phase === "open" && this.#over) words += ` ${t("quiz.more.wait")}`;
      picture = "people";
    } else if (phase === "ready") words = t("quiz.ready");
    else if (phase === "open" && current?.paused_at) [words, picture] = [t("quiz.paused"), "clock"];
    else if (phase === "open" && answered) [words, picture] = [t("quiz.locked.wait"), "lock"];
    else if (phase === "open" && this.#over) [words, picture] = [t("quiz.closed"), "clock"];
    else if (phase === "open" && current) words = this.#hint(current);
    else if (phase === "closed") [words, picture] = [t(answered ? "quiz.closed.answered" : "quiz.closed"), "clock"];
    else if (phase === "revealed" && current) {
      // After a reload the answer is known but no longer the result: it tells.
      const correct = result?.correct ?? (own ? rightReply(current, current, own) : null);
      if (!answered) [words, picture] = [t("quiz.missed"), "clock"];
      else if (correct) [words, look, picture] = [t("quiz.right.say"), "good", "check"];
      else if (result?.share) [words, look, picture] = [t("quiz.partly", {share: Math.round(result.share * 100)}), "good", "check"];
      else if (correct === false) [words, look, picture] = [t("quiz.wrong.say"), "danger", "close"];
      if (result?.points) points = t("quiz.gained", {n: result.points});
      if (result?.bonus) words += ` ${t("quiz.bonus", {n: result.bonus})}`;
      if (me && me.rank > 0) words += ` ${t("quiz.rank", {rank: me.rank, of: me.of})}`;
    } else if (phase === "finished" && me && me.rank > 0) {
      [words, look, picture, points] = [t("quiz.final", {rank: me.rank, of: me.of}), "good", "trophy", t("quiz.score", {n: me.score})];
    }
    outcome.className = look ? `quiz__outcome quiz__outcome--${look}` : "quiz__outcome";
    outcome.hidden = words === "";
    setIcon(outcomeIcon, picture);
    text(outcomeText, words);
    text(outcomePoints, points);
    practise.hidden = phase !== "finished" || Boolean(staff);
  }

  /** How such a question is answered. @param {QuizCurrent} current */
  #hint(current) {
    if (current.multiple) return t("quiz.multiple");
    const kind = typeOf(current);
    return kind === "choice" || kind === "truefalse" ? "" : t(`quiz.hint.${kind}`);
  }

  /** @param {QuizView} view */
  #staff({quiz, staff}) {
    if (!this.staffRow || !this.foot || !this.outcome || !this.practise) return;
    const last = quiz.question + 1 >= quiz.of;
    const open = quiz.phase === "open";
    const still = Boolean(quiz.current?.paused_at);
    const allowed = {
      "quiz-ask": (quiz.phase === "ready" || quiz.phase === "revealed") && !last,
      "quiz-close": open,
      "quiz-pause": open && !still,
      "quiz-resume": open && still,
      "quiz-extend": open && quiz.current?.deadline !== 0,
      "quiz-reveal": quiz.phase === "closed",
      "quiz-finish": quiz.phase === "revealed" || quiz.phase === "ready",
    };
    this.staffRow.hidden = !staff || quiz.phase === "finished";
    for (const button of /** @type {Iterable<HTMLElement>} */ (this.staffRow.children)) {
      button.hidden = !allowed[/** @type {keyof typeof allowed} */ (button.dataset.act)];
      if (button.dataset.act === "quiz-ask") text(button, t(quiz.question < 0 ? "quiz.first" : "quiz.next"));
    }
    this.#reveal();
    this.foot.hidden = this.staffRow.hidden && this.outcome.hidden && this.practise.hidden;
  }

  /** The reveal waits for who sees the class late; its button says how long. */
  #reveal() {
    const button = /** @type {HTMLElement | null | undefined} */ (this.staffRow?.querySelector("[data-act=quiz-reveal]"));
    if (!button) return;
    const wait = this.#settling();
    aria(button, "disabled", wait > 0 || null);
    button.title = wait > 0 ? t("quiz.reveal.late") : "";
    text(button, wait > 0 ? t("quiz.reveal.in", {n: wait}) : t("quiz.reveal"));
  }

  /** The seconds that are left; the last ten and the last are said aloud. */
  #time() {
    const view = this.view;
    const {seconds, timeBar, timeFill} = this;
    if (!view || !seconds || !timeBar || !timeFill) return;
    const {quiz} = view;
    const open = quiz.phase === "open" && quiz.current;
    const left = this.#left();
    if (view.staff && quiz.phase === "closed") this.#reveal();
    seconds.hidden = timeBar.hidden = !open || left === Infinity;
    if (!open || left === Infinity) return;
    if (this.#over !== (left === 0)) this.refresh();
    const whole = Math.ceil(left / 1000);
    const total = timeOf(open, this.#own(view)).whole;
    text(seconds, open.paused_at ? t("quiz.still", {time: clock(whole)}) : clock(whole));
    timeFill.style.transform = `scaleX(${Math.min(1, left / total)})`;
    flag(this, "quiz--soon", whole <= 5 && !open.paused_at);
    if (whole === 10 && total > 15_000 && !open.paused_at) this.#once(`${this.#drawn}/ten`, t("quiz.ten"), "assertive");
  }

  /** @param {string} name @param {string} words @param {"polite" | "assertive"} urgency */
  #once(name, words, urgency) {
    if (this.#said === name) return;
    this.#said = name;
    announce(words, urgency);
  }

  /** @param {QuizView} view */
  #say(view) {
    const {quiz, mine, me} = view;
    const {current, phase} = quiz;
    const still = current?.paused_at ? "/still" : "";
    const name = `${quiz.id}/${quiz.question}/${phase}${still}`;
    if (this.#said === name || (phase === "open" && !still && this.#said === `${this.#drawn}/ten`)) return;
    if (still) this.#once(name, t("quiz.paused"), "polite");
    else if (phase === "open" && this.#said === `${name}/still`) this.#once(name, t("quiz.say.resumed"), "assertive");
    else if (phase === "open" && current) {
      const items = [...current.choices.map((choice, i) => (typeOf(current) === "order" ? choice : `${letter(i)}: ${choice}`)), ...(current.lefts ?? [])];
      const list = plainMaths(items.join("; "));
      const words = plainMaths(plainText(current.text));
      this.#once(name, current.seconds > 0 ? t("quiz.say.open", {text: words, list, s: Math.round(timeOf(current, this.#own(view)).whole / 1000)})
        : t("quiz.say.open.untimed", {text: words, list}), "assertive");
    } else if (phase === "closed") this.#once(name, t("quiz.say.closed"), "assertive");
    else if (phase === "revealed" && current?.correct) {
      const result = mine && mine.quiz === quiz.id && mine.question === quiz.question ? mine : null;
      if (result && result.correct === null) return; // the own result is on its way
      const list = current.areas ? areaWords(current.areas) : plainMaths(keyWords(current, current, letter));
      const answered = ownReply(view) !== undefined;
      const partly = result?.share && !result.correct ? t("quiz.partly", {share: Math.round(result.share * 100)}) : "";
      const own = this.#watches(view) ? "" : !answered ? t("quiz.missed") : partly || (result ? t(result.correct ? "quiz.right.say" : "quiz.wrong.say") : "");
      const gained = result?.points ? t("quiz.say.gained", {n: result.points}) : "";
      const rank = result && me && me.rank > 0 ? t("quiz.rank", {rank: me.rank, of: me.of}) : "";
      this.#once(name, [t("quiz.say.revealed", {list}), own, gained, rank, plainMaths(current.explanation ?? "")].filter(Boolean).join(" "), "polite");
    } else if (phase === "finished") {
      this.#once(name, me && me.rank > 0 ? t("quiz.final", {rank: me.rank, of: me.of}) : t("quiz.say.finished"), "polite");
    }
  }

  /** @param {QuizReply} reply */
  #answer(reply) {
    const {quiz} = this.view;
    send(this, "quiz-answer", {quiz: quiz.id, question: quiz.question, ...reply}).catch(() => this.answer?.reset());
  }
}

customElements.define("quiz-card", QuizCard);
