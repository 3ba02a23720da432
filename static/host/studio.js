// @ts-check
/** @import {Client} from "../client/client.js" */
/** @import {Source} from "../client/protocol.js" */
/** @import {Publisher} from "./broadcast.js" */
/** @import {Device} from "./capture.js" */
import * as api from "../client/api.js";
import {h, icon, iconButton, text} from "../elements/dom.js";
import {bindIntents, Intent} from "../elements/intents.js";
import {announce, toast} from "../elements/toast.js";
import "../elements/chat-panel.js";
import {ClassNow} from "../elements/class-now.js";
import "../elements/connection-banner.js";
import "../elements/people-panel.js";
import {PulseGauge} from "../elements/pulse.js";
import "../elements/question-board.js";
import {QuestionFocus} from "../elements/question-focus.js";
import {askerOf} from "../elements/question-item.js";
import "../elements/reactions.js";
import "../elements/site-menu.js";
import "../elements/tab-bar.js";
import {number, onLang, t} from "../i18n.js";
import "./activity-panel.js";
import {Broadcast} from "./broadcast.js";
import {Capture, meter} from "./capture.js";
import {GuestPanel} from "./guest-panel.js";
import {ViewerMedia} from "../client/media.js";
import {captionsDialog} from "./captions-dialog.js";
import {classDialog} from "./class-dialog.js";
import {deviceError, devicesDialog} from "./devices-dialog.js";
import {confirmed} from "./dialog.js";
import {obsDialog} from "./obs-dialog.js";
import {Recorder} from "./recorder.js";
import {Roster} from "./roster.js";
import {shareDialog} from "./share-dialog.js";
import "./studio-stage.js";
import {refused, Undo} from "./undo.js";

/** @typedef {"activities" | "chat" | "questions" | "people"} Panel */

/** Nothing; one list, so that views compare equal. @type {any[]} */
const none = [];

/** Where the head has no room for every button: as in host.css. */
const phone = matchMedia("(max-width: 40rem)");

/** Where the activities have a column of their own beside the tabs. */
const wide = matchMedia("(min-width: 64rem)");

/**
 * The host's page once they are in: their picture and controls, the
 * activities, and the class in tabs. It draws client.state whenever that
 * changes, at most once a frame, and owns no state of the class itself.
 */
export class Studio {
  #app;
  #client;
  #room;
  #token;
  #capture = new Capture();
  #broadcast;
  #roster;
  #recorder;
  /** @type {Panel} */ #panel = "chat";
  /** Up to which message and question the host has looked. */
  #seen = {chat: 0, questions: 0};
  #asked = false;
  #drawing = 0;
  #ends = /** @type {(() => void)[]} */ ([]);
  #unmeter = () => {};
  /** What comes from guests on the stage. */ #guests;
  #watching = false;

  /**
   * @param {HTMLElement} app
   * @param {{client: Client, room: string, token: string, publisher: Publisher}} options
   */
  constructor(app, {client, room, token, publisher}) {
    this.#app = app;
    this.#client = client;
    this.#room = room;
    this.#token = token;
    this.#broadcast = new Broadcast(client, this.#capture, publisher);
    this.#roster = new Roster(client);
    this.#recorder = new Recorder({client, capture: this.#capture, room, token});
    this.#guests = new ViewerMedia(client);
    this.#layout();
    this.#listen();
    void this.#startAllowed();
  }

  /** Leaves the page to somebody else: devices stop, nothing is drawn any more. */
  close() {
    for (const end of this.#ends) end();
    this.#unmeter();
    this.#capture.close();
    this.#guests.close();
    this.guests?.voices.close();
    cancelAnimationFrame(this.#drawing);
  }

  #layout() {
    this.title = h("h1", {class: "studio__title truncate"});
    this.phase = h("span", {class: "badge"});
    this.count = h("span", {class: "numeric", aria: {hidden: "true"}});
    this.crowd = h("span", {class: "sr-only"});
    this.edit = iconButton("edit", "", {onclick: () => classDialog(this.#client)});
    this.share = h("button", {type: "button", class: "btn btn--primary btn--small", onclick: () => shareDialog({room: this.#room, token: this.#token})},
      icon("share"), h("span"));
    this.end = h("button", {type: "button", class: "btn btn--small studio__end", onclick: () => this.#end()});
    this.menu = /** @type {any} */ (h("site-menu"));
    this.banner = /** @type {any} */ (h("connection-banner"));
    this.stage = /** @type {import("./studio-stage.js").StudioStage} */ (h("studio-stage"));
    this.sky = /** @type {import("../elements/reactions.js").ReactionSky} */ (h("reaction-sky", {class: "studio__sky"}));
    this.focused = new QuestionFocus();
    this.tabs = /** @type {any} */ (h("tab-bar", {class: "studio__tabs"}));
    this.activities = /** @type {any} */ (h("activity-panel", {desk: {room: this.#room, token: this.#token}}));
    this.chat = /** @type {any} */ (h("chat-panel"));
    this.board = /** @type {any} */ (h("question-board"));
    this.people = /** @type {any} */ (h("people-panel"));
    this.now = new ClassNow();
    this.gauge = new PulseGauge();
    this.guests = new GuestPanel();
    const panel = (/** @type {Panel} */ name, /** @type {HTMLElement} */ node) =>
      h("section", {class: `studio__panel studio__panel--${name}`, id: `panel-${name}`, role: "tabpanel", aria: {labelledby: `tab-${name}`}}, node);
    this.column = h("div", {class: "studio__main"},
      h("div", {class: "studio__stage"}, this.stage, this.sky, this.focused), this.guests, this.gauge, panel("activities", this.activities));
    this.side = h("aside", {class: "studio__side"}, this.tabs, panel("chat", this.chat), panel("questions", this.board), panel("people", this.people));
    this.skip = h("a", {class: "skip", href: "#panel-chat"});
    this.frame = h("div", {class: "studio"}, this.skip,
      h("header", {class: "masthead studio__head"},
        h("a", {class: "brand", href: "/", aria: {label: "Lyceum"}}, h("img", {src: "/static/icons/mark.svg", alt: "", width: 32, height: 32})),
        h("div", {class: "studio__name"}, this.title, this.edit), this.phase,
        h("span", {class: "studio__count row small"}, icon("people"), this.count, this.crowd), h("span", {class: "push"}), this.#recorder.button, this.#recorder.clip, this.end, this.share, this.menu),
      this.banner, this.now, h("main", {class: "studio__body"}, this.column, this.side));
    this.#app.replaceChildren(this.frame);
  }

  #listen() {
    const client = this.#client;
    const draw = () => this.#draw();
    this.#ends.push(client.on("@change", draw), onLang(draw));
    const resized = () => {
      if (wide.matches && this.#panel === "activities") this.#panel = "chat";
      this.#draw();
    };
    wide.addEventListener("change", resized);
    this.#ends.push(() => wide.removeEventListener("change", resized),
      client.on("chat.reactions", ({counts}) => this.sky?.burst(counts)),
      client.on("hand.raised", ({name}) => announce(t("host.hand", {name}))),
      client.on("qa.asked", (question) => announce(t("host.question", {name: askerOf(question)}))));

    this.#guests.addEventListener("stream", (event) => {
      const {source, stream} = /** @type {CustomEvent} */ (event).detail;
      this.guests?.stream(source, stream);
    });
    this.#broadcast.addEventListener("change", draw);
    this.#broadcast.addEventListener("failed", (event) => {
      const err = /** @type {CustomEvent} */ (event).detail;
      if (err.code === "media.failed") toast(t("host.media.failed"), {kind: "danger", seconds: 10});
      else refused(err);
    });
    this.#capture.addEventListener("change", (event) => this.#captured(/** @type {CustomEvent} */ (event).detail));
    this.#roster.addEventListener("change", draw);

    const {frame} = this;
    if (!frame) return;
    this.#ends.push(bindIntents(frame, client, refused));
    new Undo(frame, client, (user) => this.#nameOf(user));
    const on = (/** @type {string} */ type, /** @type {(detail: any) => unknown} */ fn) =>
      frame.addEventListener(type, (event) => void fn(/** @type {CustomEvent} */ (event).detail));
    on("tab-pick", ({id}) => this.#pick(id));
    on("board-export", () => api.questions(this.#room, this.#token).catch(refused));
    on("people-find", ({find}) => this.#roster.search(find));
    on("people-more", () => this.#roster.more());
    on("studio-devices", () => this.#startDevices());
    on("studio-settings", () => devicesDialog(this.#capture, (device, id) => this.#capture.start(device, id)));
    on("studio-toggle", ({source}) => this.#toggle(source));
    on("studio-live", () => this.#broadcast.start().then(() => announce(t("host.air.on")), refused));
    on("studio-stop", () => this.#broadcast.stop().then(() => announce(t("host.air.off")), refused));
    on("studio-reopen", () => client.command("room.open").catch(refused));
    // Editors are dialogs of the document, beside the frame.
    const upload = (/** @type {Event} */ event) => {
      if (event instanceof Intent) event.respondWith(api.upload(this.#room, this.#token, event.detail.file, event.detail.onprogress));
    };
    document.addEventListener("file-upload", upload);
    this.#ends.push(() => document.removeEventListener("file-upload", upload));
    // Leaving while on air would leave the class in front of a frozen picture.
    const guard = (/** @type {BeforeUnloadEvent} */ event) => {
      if (this.#broadcast.wanted) event.preventDefault();
    };
    window.addEventListener("beforeunload", guard);
    this.#ends.push(() => window.removeEventListener("beforeunload", guard));
  }

  /** Starts what the browser would start without asking. */
  async #startAllowed() {
    const {possible} = this.#capture;
    if (possible && await this.#capture.allowed("camera") && await this.#capture.allowed("microphone")) await this.#startDevices();
  }

  /** Asks for camera and microphone; either will do. */
  async #startDevices() {
    this.#asked = true;
    const results = await Promise.allSettled([this.#capture.start("microphone"), this.#capture.start("camera")]);
    const failed = results.find((result) => result.status === "rejected");
    if (failed) toast(deviceError(failed.reason), {kind: "danger", seconds: 8});
    this.#draw();
  }

  /** @param {Source} source */
  async #toggle(source) {
    const {tracks} = this.#capture;
    try {
      if (source === "microphone" && tracks.microphone) this.#broadcast.mute(tracks.microphone.enabled);
      else if (tracks[source]) this.#capture.stop(source);
      else if (source === "screen") await this.#capture.share();
      else await this.#capture.start(/** @type {Device} */ (source));
      this.#asked = true;
    } catch (err) {
      // Not picking a screen is a choice, not a failure.
      const cancelled = source === "screen" && err instanceof Error && err.name === "NotAllowedError";
      if (!cancelled) toast(deviceError(err), {kind: "danger", seconds: 8});
    }
    this.#draw();
  }

  /** @param {{source: Source, lost: boolean}} change */
  #captured({source, lost}) {
    if (source === "microphone") {
      this.#unmeter();
      const track = this.#capture.tracks.microphone;
      this.#unmeter = track ? meter(track, (level) => this.stage?.hear(level)) : () => {};
    }
    if (lost && source !== "screen-audio") toast(t(source === "screen" ? "host.screen.ended" : "host.device.lost"), {kind: source === "screen" ? undefined : "danger"});
    this.#draw();
  }

  /** @param {string} user */
  #nameOf(user) {
    const {room} = this.#client.state;
    return this.#roster.people.find((p) => p.id === user)?.name ?? room?.chat.find((m) => m.by.id === user)?.by.name ??
      room?.questions.find((q) => q.by.id === user)?.by.name ?? t("host.somebody");
  }

  /** @param {Panel} id */
  #pick(id) {
    this.#panel = id;
    this.#drawNow();
    if (id === "chat") this.chat?.shown();
  }

  /** What the menu in the head offers beside language and theme. @param {import("../client/protocol.js").Phase} phase @returns {import("../elements/menu.js").MenuItem[]} */
  #items(phase) {
    const open = () => void this.#client.command("room.open").catch(refused);
    return [
      {label: t("host.class.settings"), icon: "edit", act: () => classDialog(this.#client)},
      {label: t("host.obs"), icon: "camera", act: () => obsDialog({room: this.#room, token: this.#token})},
      {label: t("host.captions"), icon: "captions", act: () => captionsDialog({room: this.#room, token: this.#token})},
      {label: t("host.console"), icon: "shield", act: () => window.open(`/moderate/${this.#room}`, "_blank", "noopener")},
      ...this.#recorder.items(phone.matches),
      {label: t("host.viewers"), icon: "eye", act: () => window.open(`/class/${this.#room}`, "_blank", "noopener")},
      {label: t("report.link"), icon: "book", act: () => window.open(`/report/${this.#room}`, "_blank", "noopener")},
      ...(phase !== "live" ? [{label: t(phase === "ended" ? "host.reopen" : "host.open"), icon: "door", act: open}]
        : phone.matches ? [{label: t("host.end"), icon: "exit", danger: true, act: () => void this.#end()}] : []),
      "line",
    ];
  }

  async #end() {
    if (!await confirmed({title: t("host.end.title"), text: t("host.end.text"), yes: t("host.end")})) return;
    try {
      if (this.#broadcast.wanted) await this.#broadcast.stop();
      await this.#client.command("room.end");
    } catch (err) {
      refused(/** @type {any} */ (err));
    }
  }

  #draw() {
    this.#drawing ||= requestAnimationFrame(() => this.#drawNow());
  }

  #drawNow() {
    cancelAnimationFrame(this.#drawing);
    this.#drawing = 0;
    const {state} = this.#client;
    const {you, room} = state;
    if (this.banner) this.banner.view = state.connection;
    if (!you || !room || !this.frame) return;
    this.#recorder.draw(room);
    this.#head(room);
    const now = () => this.#client.now();
    if (this.now) this.now.view = {segment: room.segment ?? "", topic: room.topic ?? "", pinned: room.pinned ?? "", staff: true};
    const ended = room.phase === "ended";
    const {tracks, possible, sharing} = this.#capture;
    const {wanted, busy, state: media} = this.#broadcast;
    if (this.stage) {
      this.stage.view = {tracks, possible, sharing, asked: this.#asked, wanted, busy, media, phase: room.phase, stage: room.stage, you, now};
    }
    const company = (room.seats?.guests.length ?? 0) > 0;
    if (company !== this.#watching) {
      this.#watching = company;
      if (company) this.#guests.watch("auto");
      else this.#guests.stop();
    }
    if (this.guests) this.guests.view = {seats: room.seats, stage: room.stage, speaker: room.speaker ?? -1, me: you.id};
    if (this.gauge) this.gauge.view = {tally: state.pulse, notes: room.pulse ?? none, from: room.started_at, live: room.phase === "live", now};
    this.activities.view = {polls: room.polls, surveys: room.surveys ?? none, quiz: room.quiz, mine: state.mine, allowed: room.allowed, drafts: room.drafts ?? {polls: [], quizzes: []}, you, now, ended};
    this.chat.view = {chat: room.chat, you, slow: room.slow, now, ended, staff: true, waiting: room.held};
    this.board.view = {questions: room.questions, you, now, ended, staff: true, board: room.board, exports: true};
    if (this.focused) this.focused.view = {question: room.questions.find((q) => q.focus) ?? null, staff: true};
    const {people, next} = this.#roster;
    this.people.view = {people, next, count: room.count, hands: room.hands, you, staff: true, host: you.role === "host", experts: room.board?.experts, now};
    this.#tabs(room);
  }

  /** @param {import("../client/protocol.js").Room} room */
  #head({title, phase, count}) {
    if (!this.title || !this.phase || !this.count || !this.edit || !this.share || !this.end || !this.skip) return;
    document.title = `${title} · Lyceum`;
    text(this.title, title);
    this.title.title = title;
    this.phase.hidden = phase === "live";
    text(this.phase, t(`host.phase.${phase}`));
    text(this.count, number(count));
    if (this.crowd) text(this.crowd, t("host.count", {n: count}));
    this.end.hidden = phase !== "live";
    text(this.end, t("host.end"));
    this.menu.view = {items: this.#items(phase)};
    text(/** @type {Element} */ (this.share.lastElementChild), t("host.share"));
    text(this.skip, t("host.skip"));
    for (const [button, key] of /** @type {const} */ ([[this.edit, "host.class.settings"], [this.share, "host.share"]])) {
      button.title = t(key);
      button.setAttribute("aria-label", t(key));
    }
  }

  /** @param {import("../client/protocol.js").Room} room */
  #tabs({chat, questions, hands, polls, quiz, surveys = []}) {
    if (!this.frame || !this.tabs) return;
    const open = questions.filter((q) => !q.answered && q.state !== "dismissed");
    const newest = {chat: chat.at(-1)?.id ?? 0, questions: Math.max(0, ...questions.map((q) => q.id))};
    if (this.#panel === "chat" || this.#seen.chat === 0) this.#seen.chat = newest.chat;
    if (this.#panel === "questions") this.#seen.questions = newest.questions;
    const unread = chat.filter((m) => m.id > this.#seen.chat).length;
    const running = polls.filter((p) => p.phase === "open").length + (quiz && quiz.question >= 0 && quiz.phase !== "finished" ? 1 : 0) +
      surveys.filter((s) => s.phase === "open").length;
    /** @type {import("../elements/tab-bar.js").Tab[]} */
    const tabs = [
      {id: "chat", label: t("host.tab.chat"), icon: "chat", count: unread, fresh: unread > 0},
      {id: "questions", label: t("host.tab.questions"), icon: "question", count: open.length, fresh: newest.questions > this.#seen.questions},
      {id: "people", label: t("host.tab.people"), icon: "people", count: hands.length, fresh: hands.length > 0},
    ];
    if (!wide.matches) tabs.unshift({id: "activities", label: t("host.tab.activities"), icon: "poll", count: running, fresh: running > 0});
    this.tabs.view = {tabs, active: this.#panel, label: t("host.tabs")};
    this.frame.dataset.panel = this.#panel;
    this.#roster.watch(this.#panel === "people");
  }
}

