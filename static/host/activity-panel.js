// @ts-check
/** @import {Allowance, Drafts, Poll, Quiz, QuizDraft, QuizMine, Survey, You} from "../client/protocol.js" */
import {h, icon, iconButton, keyed, text, View} from "../elements/dom.js";
import {keepFocus} from "../elements/focus.js";
import {send} from "../elements/intents.js";
import {openMenu} from "../elements/menu.js";
import {toast} from "../elements/toast.js";
import "../elements/poll-card.js";
import "../elements/quiz-card.js";
import "../elements/survey-card.js";
import {t} from "../i18n.js";
import {openBank} from "./bank-panel.js";
import * as draft from "./draft.js";
import {editPoll} from "./poll-editor.js";
import {openMoreTime} from "./more-time.js";
import * as quizDraft from "./quiz-draft.js";
import {editQuestion, editQuiz, sides} from "./quiz-editor.js";
import {take} from "./quiz-tools.js";
import * as surveyDraft from "./survey-draft.js";
import {editSurvey} from "./survey-editor.js";

/** @typedef {{polls: Poll[], surveys?: Survey[], quiz: Quiz | null, mine?: QuizMine | null, allowed?: Allowance[], drafts: Drafts, you: You, now: () => number, ended: boolean}} ActivityView */
/** @typedef {{kind: "poll", poll: Poll} | {kind: "quiz", quiz: QuizDraft} | {kind: "survey", survey: Survey}} Entry */

/**
 * <activity-panel> is where the host prepares and runs polls, quizzes and surveys:
 * what runs now, what is prepared, and what is over. It sends the "poll-…",
 * "quiz-…" and "survey-…" commands.
 * @extends {View<ActivityView>}
 */
export class ActivityPanel extends View {
  /** What is being written; it stays when an editor is closed. */
  #poll = draft.newPoll();
  #quiz = quizDraft.newQuiz(sides());
  #survey = surveyDraft.newSurvey();
  /** Where questions are kept and files are read. @type {import("./bank-panel.js").Desk} */
  desk = {room: "", token: ""};

  build() {
    this.classList.add("activities");
    const make = (/** @type {string} */ picture, /** @type {string} */ label, /** @type {(button: HTMLElement) => void} */ act) => {
      const button = h("button", {type: "button", class: "btn btn--small"}, icon(picture), t(label));
      button.onclick = () => act(button);
      return button;
    };
    this.survey = make("smile", "host.survey.new", () => this.#newSurvey());
    const more = make("more", "host.more", (button) => openMenu(button, this.#rare()));
    more.setAttribute("aria-haspopup", "menu");
    this.makers = h("div", {class: "activities__new", role: "group", aria: {label: t("host.new")}},
      make("poll", "host.poll.new", () => this.#newPoll()), make("quiz", "host.quiz.new", () => this.#newQuiz()), this.survey, more);
    this.quick = h("div", {class: "activities__quick", role: "group", aria: {label: t("host.quick")}}, h("span", {class: "small muted row"}, icon("spark"), t("host.quick")),
      ...["yesno", "abcd", "understood"].map((kind) => h("button", {type: "button", class: "chip", onclick: () =>
        quietly(send(this, "poll-quick", {kind, text: t(kind === "understood" ? "host.quick.understood.text" : "host.quick.text")}))}, t(`host.quick.${kind}`))));
    this.running = h("div", {class: "stack activities__now"});
    this.draftsTitle = h("h2", {class: "activities__title"}, t("host.drafts"));
    this.drafts = h("ul", {class: "activities__drafts"});
    this.overTitle = h("h2", {class: "activities__title"}, t("host.over"));
    this.over = h("div", {class: "stack"});
    this.none = h("div", {class: "empty"}, icon("poll"), h("p", {class: "empty__title"}, t("host.activities.none")),
      h("p", {class: "empty__text"}, t("host.activities.none.text")));
    this.append(h("div", {class: "activities__bar"}, this.makers, this.quick), this.running, this.none, this.draftsTitle, this.drafts, this.overTitle, this.over);
  }

  /** @param {ActivityView} view */
  update(view) {
    keepFocus(this, () => this.#draw(view), (held) => {
      // What is started or closed goes on as another card in another list.
      const name = held.closest("poll-card, quiz-card, .draft")?.getAttribute("data-key");
      const card = name && this.querySelector(`:is(poll-card, quiz-card)[data-key="${name}"]`);
      return [...(card ? [...card.querySelectorAll("[data-act]"), card.querySelector(".activity-card__title")] : []), ...(this.makers?.querySelectorAll("button") ?? [])];
    });
  }

  /** @param {ActivityView} view */
  #draw(view) {
    const {makers, running, draftsTitle, drafts, overTitle, over, none} = this;
    if (!makers || !running || !draftsTitle || !drafts || !overTitle || !over || !none) return;
    const {polls, quiz, ended, surveys = []} = view;
    for (const row of [makers, this.quick]) for (const button of row?.querySelectorAll("button") ?? []) button.disabled = ended && button !== this.survey && !button.ariaHasPopup; // a survey is answered after the class too

    const open = polls.filter((poll) => poll.phase === "open").reverse();
    const asked = surveys.filter((survey) => survey.phase === "open").reverse();
    const goes = quiz !== null && quiz.phase !== "finished" && quiz.question >= 0;
    this.#cards(running, open, goes ? quiz : null, asked);

    /** @type {Entry[]} */
    const entries = [
      ...view.drafts.quizzes.filter((q) => !goes || q.id !== quiz.id).map((q) => ({kind: /** @type {const} */ ("quiz"), quiz: q})),
      ...view.drafts.polls.map((poll) => ({kind: /** @type {const} */ ("poll"), poll})),
      ...(view.drafts.surveys ?? []).map((survey) => ({kind: /** @type {const} */ ("survey"), survey})),
    ].reverse();
    draftsTitle.hidden = entries.length === 0;
    keyed(drafts, entries, key, (entry) => this.#draft(entry), (node, entry) => {
      text(node.querySelector(".draft__title"), entry.kind === "quiz" ? entry.quiz.title : entry.kind === "survey" ? entry.survey.title : entry.poll.text);
      text(node.querySelector(".draft__about"), entry.kind === "quiz" ? t("host.draft.questions", {n: entry.quiz.questions.length})
        : entry.kind === "survey" ? t(entry.survey.when === "end" ? "host.survey.waits" : "host.survey.items", {n: entry.survey.items.length}) : draftAbout(entry.poll));
      const start = node.querySelector(".draft__start");
      start.disabled = entry.kind !== "survey" && ended || (entry.kind === "quiz" && goes);
    });

    const closed = polls.filter((poll) => poll.phase === "closed").reverse();
    const finished = quiz?.phase === "finished" ? quiz : null;
    const answered = surveys.filter((survey) => survey.phase === "closed").reverse();
    overTitle.hidden = closed.length === 0 && !finished && answered.length === 0;
    this.#cards(over, closed, finished, answered);
    none.hidden = open.length > 0 || asked.length > 0 || goes || entries.length > 0 || !overTitle.hidden;
  }

  /** @param {HTMLElement} place @param {Poll[]} polls @param {Quiz | null} quiz @param {Survey[]} surveys */
  #cards(place, polls, quiz, surveys) {
    const {you, now} = this.view;
    /** @type {({kind: "poll", poll: Poll} | {kind: "quiz", quiz: Quiz} | {kind: "survey", survey: Survey})[]} */
    const cards = polls.map((poll) => ({kind: /** @type {const} */ ("poll"), poll}));
    if (quiz) cards.unshift({kind: "quiz", quiz});
    for (const survey of surveys) cards.push({kind: "survey", survey});
    keyed(place, cards, key, (card) => h(`${card.kind}-card`), (node, card) => {
      node.view = card.kind === "quiz" ? {quiz: card.quiz, now, staff: true, ...this.#played(card.quiz)}
        : card.kind === "survey" ? {survey: card.survey, staff: true}
        : {poll: card.poll, mine: you.votes[card.poll.id], ballot: you.ballots?.[card.poll.id], staff: true};
    });
    place.hidden = cards.length === 0;
  }

  /** What is one's own in a quiz that the host may play. @param {Quiz} quiz */
  #played(quiz) {
    const {you, mine} = this.view;
    if (!quiz.play) return {};
    const me = you.quiz && you.quiz.quiz === quiz.id && you.quiz.rank > 0 ? {...you.quiz, id: you.id, name: you.name} : null;
    return {answers: you.answers, mine, me, standing: you.quiz, user: you.id};
  }

  /** @param {Entry} entry */
  #draft(entry) {
    const id = entry.kind === "quiz" ? entry.quiz.id : entry.kind === "survey" ? entry.survey.id : entry.poll.id;
    const more = iconButton("more", t("host.draft.more"), {class: "btn btn--icon btn--quiet btn--small"});
    more.onclick = () => openMenu(more, [
      {label: t("host.draft.edit"), icon: "edit", act: () => this.#edit(entry.kind, id)},
      {label: t("host.draft.drop"), icon: "trash", danger: true, act: () => void this.#drop(entry.kind, id)},
    ]);
    return h("li", {class: "draft"}, icon(entry.kind === "survey" ? "smile" : entry.kind),
      h("button", {type: "button", class: "draft__open grow", onclick: () => this.#edit(entry.kind, id)},
        h("span", {class: "draft__title truncate"}), h("span", {class: "draft__about small faint"})),
      h("button", {type: "button", class: "btn btn--small btn--primary draft__start", onclick: () => {
        quietly(entry.kind === "quiz" ? send(this, "quiz-ask", {quiz: id}) : send(this, `${entry.kind}-open`, {[entry.kind]: id}));
      }}, icon("play"), t(entry.kind === "quiz" ? "host.quiz.start" : "host.poll.start")), more);
  }

  /** @param {string} kind @param {number} id */
  #find(kind, id) {
    const {polls, quizzes, surveys = []} = this.view.drafts;
    return {survey: kind === "survey" ? surveys.find((s) => s.id === id) : undefined, poll: kind === "poll" ? polls.find((p) => p.id === id) : undefined, quiz: kind === "quiz" ? quizzes.find((q) => q.id === id) : undefined};
  }

  /** @param {string} kind @param {number} id */
  #edit(kind, id) {
    const {poll, quiz, survey} = this.#find(kind, id);
    if (poll) {
      editPoll({form: draft.pollForm(poll), fresh: false, find: this.#people, send: async (data, open) => {
        await send(this, "poll-edit", {poll: id, ...data});
        if (open) await send(this, "poll-open", {poll: id});
      }});
    } else if (quiz) {
      editQuiz({form: quizDraft.quizForm(quiz, sides()), fresh: false, desk: this.desk, send: async (data, start) => {
        await send(this, "quiz-edit", {quiz: id, ...data});
        if (start) await send(this, "quiz-ask", {quiz: id});
      }});
    } else if (survey) {
      editSurvey({form: surveyDraft.surveyForm(survey), fresh: false, send: (data, open) => send(this, "survey-edit", {survey: id, ...data, open})});
    }
  }

  /** Drops a draft at once; the toast brings it back. @param {string} kind @param {number} id */
  async #drop(kind, id) {
    const {poll, quiz, survey} = this.#find(kind, id);
    try {
      await send(this, `${kind}-drop`, {[kind]: id});
    } catch {
      return; // the page has shown why
    }
    toast(t("host.draft.dropped"), {action: t("mod.undo"), onAction: () => {
      if (poll) quietly(send(this, "poll-create", draft.pollData(draft.pollForm(poll))));
      else if (quiz) quietly(send(this, "quiz-create", quizDraft.quizData(quizDraft.quizForm(quiz, sides()))));
      else if (survey) quietly(send(this, "survey-create", surveyDraft.surveyData(surveyDraft.surveyForm(survey))));
    }});
  }

  /** What is needed now and then. @returns {import("../elements/menu.js").MenuItem[]} */
  #rare() {
    return [
      {label: t("host.bank"), icon: "book", act: () => this.#bank()},
      {label: t("host.time"), icon: "clock", act: () => openMoreTime({allowed: () => this.view.allowed ?? [], find: this.#people, send: (data) => send(this, "quiz-allow", data)})},
      {title: t("host.survey.ready")},
      {label: t("host.survey.template.course.tap"), icon: "smile", act: () => void this.#template("course", false)},
      {label: t("host.survey.template.nps.tap"), icon: "smile", act: () => void this.#template("nps", true)},
    ];
  }

  /** Makes a survey of a template: it opens at once, or waits for the class's end if that is to come. @param {"course" | "nps"} name @param {boolean} open */
  async #template(name, open) {
    const now = open || this.view.ended;
    try {
      await send(this, "survey-create", {...surveyDraft.surveyData(surveyDraft.templates[name](t)), open: now});
    } catch {
      return; // the page has shown why
    }
    if (!now) toast(t("host.survey.waiting"));
  }

  #newSurvey() {
    editSurvey({form: this.#survey, fresh: true, send: async (data, open) => {
      await send(this, "survey-create", {...data, open});
      this.#survey = surveyDraft.newSurvey();
    }});
  }

  #newPoll() {
    editPoll({form: this.#poll, fresh: true, find: this.#people, send: async (data, open) => {
      await send(this, "poll-create", {...data, open});
      this.#poll = draft.newPoll();
    }});
  }

  /** People by name, for the editor. */
  #people = async (/** @type {string} */ find) => (await send(this, "people-list", {find, limit: 20})).people;

  /** Opens the question bank; what is picked there becomes a new quiz. */
  #bank() {
    openBank({desk: this.desk, edit: editQuestion, use: {
      label: (n) => (n > 0 ? t("host.bank.quiz", {n}) : t("host.quiz.new")),
      add: (questions) => {
        if (take(this.#quiz.questions, questions, sides()) === 0) return false;
        queueMicrotask(() => this.#newQuiz()); // once the bank is closed
        return true;
      },
    }});
  }

  #newQuiz() {
    editQuiz({form: this.#quiz, fresh: true, desk: this.desk, send: async (data, start) => {
      const {seq} = await send(this, "quiz-create", data);
      this.#quiz = quizDraft.newQuiz(sides());
      if (start) await send(this, "quiz-ask", {quiz: seq}); // what a command makes is named by its position
    }});
  }
}

/** What a draft is, in a word. @param {Poll} poll */
const draftAbout = ({kind, choices}) => (kind ? t("host.draft.kind", {kind: t(`host.poll.kind.${kind}`)}) : t("host.draft.choices", {n: choices.length}));

/** @param {Entry | {kind: "quiz", quiz: Quiz}} entry */
const key = (entry) => (entry.kind === "quiz" ? `quiz/${entry.quiz.id}` : entry.kind === "survey" ? `survey/${entry.survey.id}` : `poll/${entry.poll.id}`);

/** The page shows what was refused. @param {Promise<unknown>} reply */
function quietly(reply) {
  reply.catch(() => {});
}

customElements.define("activity-panel", ActivityPanel);
