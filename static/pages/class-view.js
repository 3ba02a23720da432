// @ts-check
/** @import {Client} from "../client/client.js" */
/** @import {Room, SessionItem, You} from "../client/protocol.js" */
/** @import {Quality} from "../elements/class-stage.js" */
import {errorText, lang, number, onLang, t} from "../i18n.js";
import {aria, flag, h, icon, iconButton, keyed, setIcon, text} from "../elements/dom.js";
import {keepFocus} from "../elements/focus.js";
import {bindIntents, send} from "../elements/intents.js";
import {plainMaths} from "../elements/maths.js";
import {activities, inTurn, results} from "../elements/rules.js";
import {announce, toast} from "../elements/toast.js";
import {ChatPanel} from "../elements/chat-panel.js";
import {ClassStage} from "../elements/class-stage.js";
import {ConnectionBanner} from "../elements/connection-banner.js";
import {PeoplePanel} from "../elements/people-panel.js";
import {PointsChip} from "../elements/points-chip.js";
import {ClassNow} from "../elements/class-now.js";
import {PollCard} from "../elements/poll-card.js";
import {PulseBar, PulseGauge} from "../elements/pulse.js";
import {QuestionBoard} from "../elements/question-board.js";
import {QuizCard} from "../elements/quiz-card.js";
import {openPractice} from "../elements/quiz-practice.js";
import {ReactionBar} from "../elements/reactions.js";
import {SiteMenu} from "../elements/site-menu.js";
import {SuggestionCard} from "../elements/suggestion-card.js";
import {SurveyCard} from "../elements/survey-card.js";
import {TabBar} from "../elements/tab-bar.js";
import {LiveCaptions} from "../captions/live-captions.js";
import {openPart} from "./part-dialog.js";
import {GuestStage} from "./guest-stage.js";
import {openPoints} from "./points-dialog.js";

/** @typedef {{state: "idle" | "connecting" | "playing" | "reconnecting" | "failed", quality: Quality, layer?: string, weak?: boolean, way?: "webrtc" | "hls", foreign?: boolean}} MediaLine */

/** Where polls and quizzes lie over the panel: as in css/class.css. */
const sheet = matchMedia("(max-width: 56rem)");

/** How long something settled is shown there before it folds, in milliseconds. */
const seen = {vote: 5000, result: 15_000};

/** Refusals that an element shows where they arose. */
const shownThere = new Set(["chat.say", "qa.ask", "qa.answer", "survey.answer"]);

/** Nothing noted; one list, so that views compare equal. @type {import("../client/protocol.js").PulseNote[]} */
const none = [];

/**
 * The page of a class in progress: the client's state laid out on elements,
 * and their wishes carried back. It remembers only what concerns the looking:
 * which tab is open, what was put away.
 */
export class ClassView {
  #client;
  #place;
  #room;
  #item;
  #token;
  #tab = "chat";
  /** @type {MediaLine} */ #media = {state: "idle", quality: "auto"};
  /** Results that are not to be shown any more: see activities(). @type {Set<string> | undefined} */ #past;
  /** What has been in front or could have been. @type {ReadonlySet<string>} */ #seen = new Set();
  /** Suggestions put away for now. @type {Set<string>} */ #later = new Set();
  #pick = "";
  #small = false;
  /** What has been settled, and when it folds on a phone. */
  #settled = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #fold;
  #newestChat = 0;
  #newestQuestion = 0;
  /** Own votes and questions as they were last drawn: a merge changes them. */
  #mine = {votes: /** @type {number[]} */ ([]), asked: new Set()};
  #unreadChat = 0;
  #unreadQuestions = 0;
  #said = "";
  #readSummary = false;
  /** The server's clock; one function, so that views compare equal. */
  #now = () => this.#client.now();
  /** What plays while somebody has gone back in the class. @type {HTMLElement | null} */ #behind = null;

  /** @param {{client: Client, place: HTMLElement, room: string, token: string, item?: SessionItem}} what */
  constructor({client, place, room, token, item}) {
    this.#client = client;
    this.#place = place;
    this.#room = room;
    this.#token = token;
    this.#item = item;
    this.stage = new ClassStage();
    this.captions = new LiveCaptions();
    this.stage.extras.over.push(this.captions);
    this.replayButton = iconButton("replay", "", {class: "btn btn--icon stage__control", hidden: true, onclick: () => void this.#replay()});
    this.stage.extras.controls.push(this.replayButton, this.captions.button);
    this.chat = new ChatPanel();
    this.board = new QuestionBoard();
    this.people = new PeoplePanel();
    this.tabs = new TabBar();
    this.banner = new ConnectionBanner();
    this.points = new PointsChip();
    this.now = new ClassNow();
    this.poll = new PollCard();
    this.quiz = new QuizCard();
    this.survey = new SurveyCard();
    this.pulse = new PulseBar();
    this.gauge = new PulseGauge();
    this.suggestion = new SuggestionCard();
    this.reactions = new ReactionBar();
    this.menu = new SiteMenu();
    this.guest = new GuestStage(client);
    this.guest.addEventListener("picture", (event) => this.stage.self(/** @type {CustomEvent} */ (event).detail.stream));
    this.#frame();
    this.#bind();
  }

  #frame() {
    this.title = h("h1", {class: "class-head__title truncate"});
    this.phase = h("span", {class: "badge"});
    this.recorded = h("span", {class: "badge badge--outline class-head__recorded", hidden: true}, icon("record"), h("span"));
    this.count = h("span", {class: "chip class-head__count"}, icon("people"), h("span", {class: "numeric"}));
    this.points.hidden = true;
    this.hand = h("button", {type: "button", class: "btn btn--small class-bar__hand", onclick: () => this.#raise()}, icon("hand"), h("span"));
    this.shareButton = iconButton("share", "", {class: "btn btn--icon btn--quiet btn--small", onclick: () => void this.#share()});
    this.pager = h("div", {class: "cluster activity__pager", hidden: true});
    this.smaller = iconButton("chevron-down", "", {class: "btn btn--icon btn--quiet btn--small", onclick: () => {
      this.#small = !this.#small;
      this.draw();
    }});
    this.putAway = iconButton("close", "", {class: "btn btn--icon btn--quiet btn--small", onclick: () => {
      this.#past?.add(this.#pick);
      this.draw();
    }});
    this.summary = h("div", {class: "activity-card summary", hidden: true});
    this.activity = h("section", {class: "activity", id: "activity", hidden: true}, h("div", {class: "activity__tools row"}, this.pager, h("span", {class: "push"}),
      this.smaller, this.putAway), this.quiz, this.poll, this.survey);
    this.activity.addEventListener("click", (event) => {
      if (!this.#small || /** @type {Element} */ (event.target).closest("button")) return;
      this.#small = false; // all that is left of it is something to tap
      this.draw();
    });
    this.chatPanel = this.#panel("chat", this.chat);
    this.boardPanel = this.#panel("questions", this.board);
    this.peoplePanel = this.#panel("people", this.people);
    this.side = h("aside", {class: "class__side"}, this.tabs, this.chatPanel, this.boardPanel, this.peoplePanel);
    this.offer = h("div", {class: "class__offer"}, this.suggestion);
    this.skip = h("a", {class: "skip", href: "#panel-chat", onclick: (/** @type {Event} */ event) => {
      event.preventDefault();
      /** @type {HTMLElement | null | undefined} */ (this.side?.querySelector("[role=tab][aria-selected=true]"))?.focus();
    }});
    this.skipActivity = h("a", {class: "skip", href: "#activity", hidden: true, onclick: (/** @type {Event} */ event) => {
      event.preventDefault();
      /** @type {HTMLElement | null | undefined} */ (this.activity?.querySelector(":is(quiz-card, poll-card, survey-card):not([hidden]) .activity-card__title"))?.focus();
    }});
    this.#place.replaceChildren(this.skipActivity, this.skip,
      h("header", {class: "masthead class-head"}, h("a", {class: "brand", href: "/", aria: {label: "Lyceum"}},
        h("img", {src: "/static/icons/mark.svg", alt: ""})), this.title, this.phase, this.recorded, h("span", {class: "push"}), this.count, this.points, this.menu),
      this.banner, this.now,
      h("main", {class: "class"}, h("div", {class: "class__stage"}, this.stage, this.guest.bar,
        h("div", {class: "class-bar"}, this.reactions, h("span", {class: "push"}), this.hand, this.shareButton), this.pulse, this.gauge),
      h("div", {class: "class__below"}, this.activity, this.summary), h("div", {class: "class__column"}, this.side, this.offer)));
    this.#words();
    onLang(() => {
      this.#words();
      this.draw();
    });
  }

  /** What is written once and not by an element. */
  #words() {
    if (!this.skip || !this.side || !this.activity || !this.shareButton) return;
    text(this.skip, t("class.skip"));
    if (this.skipActivity) text(this.skipActivity, t("class.skip.activity"));
    aria(this.side, "label", t("class.side"));
    aria(this.activity, "label", t("class.activity"));
    for (const [button, key] of /** @type {const} */ ([[this.shareButton, "class.share"], [this.putAway, "class.away"]])) {
      if (!button) continue;
      aria(button, "label", t(key));
      button.title = t(key);
    }
  }

  /** @param {string} id @param {HTMLElement} content */
  #panel(id, content) {
    return h("div", {class: "class__panel", id: `panel-${id}`, role: "tabpanel", aria: {labelledby: `tab-${id}`}}, content);
  }

  #bind() {
    bindIntents(this.#place, this.#client, (err, type) => {
      if (!shownThere.has(type)) toast(errorText(err), {kind: "danger"});
    });
    this.tabs.addEventListener("tab-pick", (event) => {
      this.#tab = /** @type {CustomEvent} */ (event).detail.id;
      this.draw();
      if (this.#tab === "chat") this.chat.shown();
    });
    this.suggestion.addEventListener("suggest-later", () => {
      for (const {id} of this.#client.state.suggestions.at(-1)?.items ?? []) this.#later.add(id);
      this.draw();
    });
    this.points.addEventListener("points-open", () => openPoints(this.#token));
    this.#client.on("qa.merged", (merged) => this.#merged(merged));
    this.#client.on("chat.reactions", ({counts}) => this.stage.react(counts));
    this.#client.addEventListener("@change", () => this.draw());
  }

  /** How sound and picture come. @param {Partial<MediaLine>} line */
  set media(line) {
    this.#media = {...this.#media, ...line};
    this.draw();
  }

  get quality() {
    return this.#media.quality;
  }

  /** Writes the client's state into the elements. */
  draw() {
    const {you, room, points, connection} = this.#client.state;
    this.banner.view = connection;
    if (!you || !room) return;
    const now = this.#now;
    const ended = room.phase === "ended";
    const staff = you.role !== "viewer";
    this.#head(room, you);
    this.now.view = {segment: room.segment ?? "", topic: room.topic ?? "", pinned: room.pinned ?? "", staff};
    this.stage.view = {seats: room.seats, speaker: room.speaker, me: you.id, title: room.title, tags: this.#item?.tags, phase: room.phase, stage: room.stage, now, startsAt: this.#item?.starts_at,
      media: this.#media.state, quality: this.#media.quality, layer: this.#media.layer, weak: this.#media.weak,
      way: this.#media.way, foreign: this.#media.foreign,
      focus: ended ? null : room.questions.find((q) => q.focus) ?? null, staff};
    this.captions.view = {captions: room.captions, now};
    this.#mayReplay(room);
    this.guest.draw();
    this.chat.view = {chat: room.chat, you, slow: room.slow, now, ended, staff, waiting: room.held};
    this.board.view = {questions: room.questions, you, now, ended, staff, board: room.board};
    this.#mine = {votes: you.upvotes, asked: new Set([...(you.board?.asked ?? []), ...room.questions.filter((q) => q.by.id === you.id).map((q) => q.id)])};
    this.people.view = {count: room.count, hands: room.hands, you, now};
    this.reactions.hidden = ended;
    this.reactions.view = {disabled: connection.state !== "open"};
    this.pulse.hidden = staff || room.phase !== "live";
    this.pulse.view = {mood: this.#client.state.mood, now, disabled: connection.state !== "open"};
    this.gauge.view = {tally: this.#client.state.pulse, notes: room.pulse ?? none, from: room.started_at, live: staff && room.phase === "live", now};
    const offered = this.#client.state.suggestions.at(-1) ?? null;
    if (this.offer) this.offer.hidden = !offered || offered.items.every(({id}) => this.#later.has(id));
    this.suggestion.view = offered;
    if (points) this.points.view = points;
    this.points.hidden = !points;
    if (this.activity) {
      keepFocus(this.activity, () => this.#activity(room, you), () => [this.quiz.heading, this.poll.heading, this.survey.heading, this.side?.querySelector("[role=tab][aria-selected=true]")]);
    }
    this.#summary(room, you);
    this.#tabBar(room, you);
  }

  /** Offers to go back in the class where it is recorded. @param {Room} room */
  #mayReplay(room) {
    const may = Boolean(room.recording?.on && room.recording.replay);
    aria(this.replayButton, "label", t("replay.back"));
    this.replayButton.title = t("replay.back");
    this.replayButton.hidden = !may || this.#behind !== null;
    if (this.#behind && !may) this.#live();
  }

  /** Goes back in the class: the picture and the sound, for all else stays live. */
  async #replay() {
    const {recording} = this.#client.state.room ?? {};
    if (!recording || this.#behind) return;
    const {ClassReplay} = await import("../recording/replay.js"); // few need it
    if (this.#behind) return;
    const replay = new ClassReplay({room: this.#room, token: this.#token, recording: recording.id, back: 15_000, now: this.#now});
    this.#behind = replay;
    replay.addEventListener("replay-end", () => this.#live());
    this.stage.hush(true);
    this.stage.after(replay);
    this.draw();
  }

  /** Comes back to what is live. */
  #live() {
    if (!this.#behind) return;
    this.#behind.remove();
    this.#behind = null;
    this.stage.hush(false);
    this.draw();
    if (!this.replayButton.hidden) this.replayButton.focus();
  }

  /** Where a question went that this person asked or voted for. @param {{from: number, into: import("../client/protocol.js").Question}} merged */
  #merged({from, into}) {
    const asked = this.#mine.asked.has(from);
    if (!asked && !this.#mine.votes.includes(from)) return;
    toast(t(asked ? "qa.merged.asked" : "qa.merged.voted", {text: into.text}), {seconds: 8});
  }

  /** @param {Room} room @param {You} you */
  #head(room, you) {
    const {title, phase, count, hand} = this;
    if (!title || !phase || !count || !hand) return;
    document.title = `${room.title} · Lyceum`;
    text(title, room.title);
    const name = room.phase === "live" && !room.stage.live ? "open" : room.phase;
    phase.className = name === "live" ? "badge badge--live" : "badge";
    text(phase, t(`phase.${name}`));
    if (this.recorded) {
      this.recorded.hidden = !room.recording?.on;
      this.recorded.title = t("record.badge.title");
      text(/** @type {Element} */ (this.recorded.lastElementChild), t("record.badge"));
    }
    text(/** @type {Element} */ (count.lastElementChild), number(room.count));
    count.title = t("people.here", {n: room.count});
    aria(count, "label", t("people.here", {n: room.count}));
    count.setAttribute("role", "img");
    hand.hidden = you.role !== "viewer" || room.phase === "ended";
    aria(hand, "pressed", you.hand);
    const raise = t(you.hand ? "hand.lower" : "hand.raise");
    text(/** @type {Element} */ (hand.lastElementChild), raise);
    aria(hand, "label", raise); // on a phone only the picture is shown
    hand.title = raise;
    this.menu.view = {items: you.role === "viewer" ? [{label: t("part.title"), act: () => openPart(this.#token)}, /** @type {const} */ ("line")] : [
      ...(you.role === "host" ? [{label: t("class.studio"), icon: "camera", act: () => location.assign(`/host/${this.#room}`)}] : []),
      {label: t("class.console"), icon: "shield", act: () => location.assign(`/moderate/${this.#room}`)}, /** @type {const} */ ("line")]};
  }

  /** @param {Room} room @param {You} you */
  #activity(room, you) {
    const {activity, pager, smaller, putAway} = this;
    if (!activity || !pager || !smaller || !putAway) return;
    this.#past ??= new Set(results(room));
    const all = activities(room, this.#past, you);
    if (all.some(({over}) => !over)) for (const key of results(room)) this.#past.add(key);
    const before = activity.hidden ? "" : this.#pick;
    const shown = inTurn(all, this.#pick, this.#seen, you);
    this.#seen = new Set(all.map(({key}) => key));
    this.#pick = shown?.key ?? "";
    activity.hidden = !shown;
    if (this.skipActivity) this.skipActivity.hidden = !shown;
    this.#place.classList.toggle("has-activity", Boolean(shown));
    if (!shown) return;

    const urgent = shown.kind === "quiz" && shown.quiz.phase === "open" ? `${shown.key}/${shown.quiz.question}` : shown.key;
    if (urgent !== this.#said) {
      this.#said = urgent;
      this.#small = false; // what is new comes up by itself
      if (shown.kind === "survey" && !shown.over) announce(t("survey.say.opened", {text: shown.survey.title}));
      if (shown.kind === "poll" && shown.poll.phase === "open") announce(t("poll.say.opened", {text: plainMaths(shown.poll.text)}));
    }
    this.#settle(shown.over ? `${shown.key}/over` : shown.kind === "poll" && (you.votes[shown.poll.id]?.length || you.ballots?.[shown.poll.id]) ? `${shown.key}/voted` : "", shown.over);
    putAway.hidden = !shown.over;
    smaller.hidden = shown.over && !this.#small;
    setIcon(smaller, this.#small ? "chevron-up" : "chevron-down");
    const words = t(this.#small ? "class.larger" : "class.smaller");
    aria(smaller, "label", words);
    aria(smaller, "expanded", !this.#small);
    smaller.title = words;
    flag(activity, "activity--small", this.#small);
    pager.hidden = all.length < 2;
    keyed(pager, all, (a) => a.key, (a) => h("button", {type: "button", class: "chip", onclick: () => {
      this.#pick = a.key;
      this.draw();
    }}, icon(a.kind === "survey" ? "smile" : a.kind), h("span")), (node, a, i) => {
      aria(node, "pressed", a.key === shown.key);
      text(node.lastElementChild, t(`${a.kind}.name`) + (a.kind === "poll" && all.filter((b) => b.kind === "poll").length > 1 ? ` ${number(all.slice(0, i + 1).filter((b) => b.kind === "poll").length)}` : ""));
    });
    this.quiz.hidden = shown.kind !== "quiz";
    this.poll.hidden = shown.kind !== "poll";
    this.survey.hidden = shown.kind !== "survey";
    const staff = you.role !== "viewer";
    if (shown.kind === "quiz") {
      const {quiz} = shown;
      const stands = you.quiz && you.quiz.quiz === quiz.id && you.quiz.rank > 0 ? {...you.quiz, id: you.id, name: you.name} : null;
      this.quiz.view = {quiz, now: this.#now, answers: you.answers, mine: this.#client.state.mine, me: stands, standing: you.quiz, user: you.id, staff};
    } else if (shown.kind === "survey") this.survey.view = {survey: shown.survey, mine: you.surveys?.[shown.survey.id], staff};
    else this.poll.view = {poll: shown.poll, mine: you.votes[shown.poll.id], ballot: you.ballots?.[shown.poll.id], staff};
    if (before !== shown.key && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      activity.animate([{opacity: 0, transform: "translateY(14px)"}, {opacity: 1, transform: "none"}], {duration: 320, easing: "ease-out"});
    }
  }

  /**
   * On a phone, where it lies over the chat, what needs nothing more from this
   * person folds by itself: a poll after their vote, a result after a look.
   * @param {string} name of what is settled; "" for nothing
   * @param {boolean} over
   */
  #settle(name, over) {
    if (name === this.#settled) return;
    this.#settled = name;
    clearTimeout(this.#fold);
    if (over) this.#small = false; // a result is shown before it folds
    if (!name) return;
    this.#fold = setTimeout(() => {
      if (!sheet.matches) return;
      this.#small = true;
      this.draw();
    }, over ? seen.result : seen.vote);
  }

  /** What the class was for this person, when it is over. @param {Room} room @param {You} you */
  #summary(room, you) {
    const {summary} = this;
    if (!summary) return;
    summary.hidden = room.phase !== "ended" || this.#readSummary;
    if (room.phase !== "ended") this.#readSummary = false; // reopened: its next end is told again
    if (summary.hidden) return;
    const minutes = Math.max(1, Math.round((room.ended_at - room.started_at) / 60_000));
    const asked = room.questions.filter((q) => this.#mine.asked.has(q.id)).length;
    /** @type {[string, string, string][]} */
    const facts = [];
    if (room.started_at && room.ended_at) facts.push(["clock", number(minutes), t("summary.minutes", {n: minutes})]);
    if (this.#client.state.points) facts.push(["points", number(this.#client.state.points.balance), t("summary.points", {n: this.#client.state.points.balance})]);
    if (you.quiz && you.quiz.rank > 0) facts.push(["trophy", number(you.quiz.rank), t("summary.rank", {of: you.quiz.of})]);
    if (asked > 0) facts.push(["question", number(asked), t("summary.asked", {n: asked})]);
    const past = (room.practice ?? []).slice(-3).reverse();
    const name = JSON.stringify([lang, you.name, facts, past, room.recording?.id]);
    if (summary.dataset.shown === name) return; // what has the focus stays
    summary.dataset.shown = name;
    summary.replaceChildren(iconButton("close", t("class.away"), {class: "btn btn--icon btn--quiet btn--small summary__close", onclick: () => {
      this.#readSummary = true;
      this.draw();
    }}), h("h2", {class: "display"}, t("summary.title", {name: you.name})), h("p", {class: "muted"}, t("summary.text")),
      h("dl", {class: "summary__facts"}, ...facts.map(([picture, value, what]) =>
        h("div", null, h("dt", null, icon(picture), what), h("dd", {class: "display numeric"}, value)))),
      h("div", {class: "cluster"}, h("a", {class: "btn btn--primary", href: "/"}, t("summary.home")),
        room.recording ? h("a", {class: "btn", href: `/recording/${encodeURIComponent(room.id)}/${room.recording.id}`}, icon("play"), t("class.recording")) : null,
        ...past.map(({id, title}) => h("button", {type: "button", class: "btn", onclick: () => void openPractice(summary, id)}, icon("quiz"), t("quiz.practise.of", {title}))),
        h("button", {type: "button", class: "btn", onclick: () => openPoints(this.#token)}, t("points.open"))));
  }

  /** @param {Room} room @param {You} you */
  #tabBar(room, you) {
    const newestChat = room.chat.at(-1)?.id ?? 0;
    const newestQuestion = Math.max(0, ...room.questions.map((q) => q.id));
    if (this.#newestChat) this.#unreadChat += room.chat.filter((m) => m.id > this.#newestChat && m.by.id !== you.id).length;
    if (this.#newestQuestion) this.#unreadQuestions += room.questions.filter((q) => q.id > this.#newestQuestion && q.by.id !== you.id).length;
    this.#newestChat = newestChat || 1;
    this.#newestQuestion = newestQuestion || 1;
    if (this.#tab === "chat") this.#unreadChat = 0;
    if (this.#tab === "questions") this.#unreadQuestions = 0;
    this.tabs.view = {label: t("class.side"), active: this.#tab, tabs: [
      {id: "chat", label: t("class.tab.chat"), count: this.#unreadChat, fresh: true},
      {id: "questions", label: t("class.tab.questions"), count: this.#unreadQuestions || room.questions.length, fresh: this.#unreadQuestions > 0},
      {id: "people", label: t("class.tab.people"), count: room.count},
    ]};
    for (const [id, panel] of /** @type {const} */ ([["chat", this.chatPanel], ["questions", this.boardPanel], ["people", this.peoplePanel]])) {
      if (panel) panel.hidden = id !== this.#tab;
    }
  }

  #raise() {
    const {you} = this.#client.state;
    if (this.hand && you) send(this.hand, you.hand ? "hand-lower" : "hand-raise").catch(() => {});
  }

  async #share() {
    const url = new URL(`/class/${this.#room}`, location.href).href;
    const title = this.#client.state.room?.title ?? "Lyceum";
    try {
      if (navigator.share && matchMedia("(pointer: coarse)").matches) await navigator.share({title, url});
      else {
        await navigator.clipboard.writeText(url);
        toast(t("class.copied"));
      }
    } catch (err) {
      if (/** @type {Error} */ (err).name !== "AbortError") toast(url, {seconds: 12}); // let them copy it by hand
    }
  }
}
