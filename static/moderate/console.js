// @ts-check
/** @import {Client} from "../client/client.js" */
/** @import {Act as Deed, ActPage, Room} from "../client/protocol.js" */
/** @import {Act} from "./keys.js" */
import {limits} from "../client/protocol.js";
import {h, icon, iconButton, text} from "../elements/dom.js";
import {bindIntents} from "../elements/intents.js";
import {toast} from "../elements/toast.js";
import "../elements/connection-banner.js";
import "../elements/people-panel.js";
import {PulseGauge} from "../elements/pulse.js";
import "../elements/site-menu.js";
import "../elements/tab-bar.js";
import {openDialog} from "../host/dialog.js";
import {Roster} from "../host/roster.js";
import {refused, Undo} from "../host/undo.js";
import {errorText, number, onLang, t} from "../i18n.js";
import {actFor, bindings} from "./keys.js";
import "./mod-log.js";
import "./mod-stream.js";
import {lastMinute} from "./stream.js";

/** @typedef {"stream" | "people" | "bans" | "log"} Panel */

/** Nothing noted; one list, so that views compare equal. @type {import("../client/protocol.js").PulseNote[]} */
const none = [];

/** Where the stream has a column of its own beside the tabs. */
const wide = matchMedia("(min-width: 64rem)");

/**
 * The moderator's page once they are in: what is written, who is here, who is
 * kept out, and what the staff did. It draws client.state whenever that
 * changes, at most once a frame, and owns no state of the class itself.
 */
export class Console {
  #app;
  #client;
  #room;
  #roster;
  /** @type {Undo | undefined} */ #undo;
  /** @type {Panel} */ #panel = "stream";
  /** @type {Deed[]} */ #acts = [];
  #older = 0;
  /** When the messages of the last minute were said. @type {number[]} */ #said = [];
  #drawing = 0;
  /** The server's clock; one function, so that views compare equal. */
  #now = () => this.#client.now();
  #ends = /** @type {(() => void)[]} */ ([]);

  /** @param {HTMLElement} app @param {{client: Client, room: string}} options */
  constructor(app, {client, room}) {
    this.#app = app;
    this.#client = client;
    this.#room = room;
    this.#roster = new Roster(client);
    this.#said = (client.state.room?.chat ?? []).map((message) => message.at);
    if (wide.matches) this.#panel = "people";
    this.#layout();
    this.#listen();
    void this.#readLog();
  }

  close() {
    for (const end of this.#ends) end();
    cancelAnimationFrame(this.#drawing);
  }

  #layout() {
    this.title = h("h1", {class: "console__title truncate"});
    this.phase = h("span", {class: "badge"});
    this.people = h("strong", {class: "numeric"});
    this.peopleWords = h("span");
    this.rate = h("strong", {class: "numeric"});
    this.rateWords = h("span");
    this.help = iconButton("info", "", {class: "btn btn--icon btn--quiet console__help", onclick: () => this.#help()});
    this.menu = /** @type {any} */ (h("site-menu"));
    this.banner = /** @type {any} */ (h("connection-banner"));
    this.stream = /** @type {import("./mod-stream.js").ModStream} */ (h("mod-stream"));
    this.input = h("input", {class: "input", maxLength: limits.chat, autocomplete: "off", enterKeyHint: "send"});
    this.form = h("form", {class: "row console__say", onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void this.#say();
    }}, this.input, h("button", {type: "submit", class: "btn btn--primary btn--icon"}, icon("send")));
    this.over = h("p", {class: "chat__closed", role: "status", hidden: true});
    this.gauge = new PulseGauge();
    this.tabs = /** @type {any} */ (h("tab-bar", {class: "console__tabs"}));
    this.roster = /** @type {any} */ (h("people-panel"));
    this.bans = /** @type {any} */ (h("ban-list"));
    this.log = /** @type {any} */ (h("mod-log"));
    const panel = (/** @type {Panel} */ name, /** @type {Node[]} */ ...nodes) =>
      h("section", {class: `console__panel console__panel--${name}`, id: `panel-${name}`, role: "tabpanel", aria: {labelledby: `tab-${name}`}}, ...nodes);
    this.skip = h("a", {class: "skip", href: "#panel-stream"});
    this.frame = h("div", {class: "console"}, this.skip,
      h("header", {class: "masthead console__head"},
        h("a", {class: "brand", href: "/", aria: {label: "Lyceum"}}, h("img", {src: "/static/icons/mark.svg", alt: "", width: 32, height: 32})),
        h("div", {class: "console__name"}, this.title, this.phase), h("span", {class: "push"}),
        h("p", {class: "console__count"}, this.people, this.peopleWords), h("p", {class: "console__count"}, this.rate, this.rateWords),
        this.help, this.menu),
      this.banner, this.gauge, h("main", {class: "console__body"}, this.tabs, panel("stream", this.stream, this.form, this.over),
        panel("people", this.roster), panel("bans", this.bans), panel("log", this.log)));
    this.#app.replaceChildren(this.frame);
  }

  #listen() {
    const client = this.#client;
    const draw = () => this.#draw();
    const {frame} = this;
    if (!frame) return;
    const resized = () => {
      this.#panel = wide.matches ? (this.#panel === "stream" ? "people" : this.#panel) : this.#panel;
      this.#draw();
    };
    wide.addEventListener("change", resized);
    const tick = setInterval(draw, 2000); // counters and "… ago" move by themselves
    const stop = new AbortController();
    document.addEventListener("keydown", (event) => this.#key(event), {signal: stop.signal});
    this.#ends.push(client.on("@change", draw), () => wide.removeEventListener("change", resized), () => clearInterval(tick), () => stop.abort(),
      onLang(draw),
      client.on("chat.said", ({at}) => (this.#said = [...this.#said.filter((time) => time > at - 60_000), at])),
      client.on("mod.acted", (act) => {
        if (!this.#acts.some((other) => other.seq === act.seq)) this.#acts = [act, ...this.#acts];
      }),
      client.on("@welcome", () => void this.#readLog()));
    this.#roster.addEventListener("change", draw);
    this.#ends.push(bindIntents(frame, client, refused));
    this.#undo = new Undo(frame, client, (user) => this.#nameOf(user));
    const on = (/** @type {string} */ type, /** @type {(detail: any) => unknown} */ fn) =>
      frame.addEventListener(type, (event) => void fn(/** @type {CustomEvent} */ (event).detail));
    on("tab-pick", ({id}) => this.#pick(id));
    on("people-find", ({find}) => this.#roster.search(find));
    on("people-more", () => this.#roster.more());
    on("log-more", () => this.#readLog(this.#older));
  }

  /** Reads the newest acts, or those before a position. @param {number} [before] */
  async #readLog(before) {
    try {
      /** @type {ActPage} */
      const {acts, next} = await this.#client.request("mod.audit", before ? {before, limit: 50} : {limit: 50});
      const known = new Set(this.#acts.map((act) => act.seq));
      this.#acts = [...this.#acts, ...acts.filter((act) => !known.has(act.seq))].sort((a, b) => b.seq - a.seq);
      if (before || this.#acts.length === acts.length) this.#older = next;
      this.#draw();
    } catch {
      // Not connected now: the next welcome reads it.
    }
  }

  /** @param {string} user */
  #nameOf(user) {
    const {room} = this.#client.state;
    return this.#roster.people.find((p) => p.id === user)?.name ?? room?.chat.find((m) => m.by.id === user)?.by.name ??
      room?.questions.find((q) => q.by.id === user)?.by.name ?? room?.banned?.find((b) => b.user === user)?.name ??
      room?.muted?.find((m) => m.user === user)?.name ?? this.#acts.find((a) => a.target?.id === user)?.target?.name ?? t("host.somebody");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const {target} = event;
    if (!(target instanceof HTMLElement)) return;
    const typing = target.matches("input, textarea, select, [contenteditable]");
    if (typing && event.key === "Escape") return target.blur();
    if (document.querySelector("dialog[open], .menu:popover-open")) return;
    if (target.closest("[role=tablist]") && /^(Arrow|Home$|End$)/.test(event.key)) return; // these move between tabs
    const act = actFor(event, typing);
    if (act && this.#do(act)) event.preventDefault();
  }

  /** @param {Act} act */
  #do(act) {
    switch (act) {
      case "undo": this.#undo?.last(); return true;
      case "help": this.#help(); return true;
      case "slow":
        if (!wide.matches) this.#pick("stream");
        break;
      case "say":
        if (!wide.matches) this.#pick("stream");
        this.input?.focus();
        return true;
      case "find":
        this.#pick("people");
        this.roster?.querySelector("input[type=search]")?.focus();
        return true;
    }
    return this.stream?.act(act) ?? false;
  }

  /** @param {Panel} id */
  #pick(id) {
    this.#panel = id;
    this.#drawNow();
    if (id === "stream") this.stream?.shown();
  }

  async #say() {
    const {input} = this;
    const words = input?.value.trim();
    if (!input || !words) return;
    input.value = "";
    try {
      await this.#client.command("chat.say", {text: words});
    } catch (err) {
      if (!input.value) input.value = words; // nothing that somebody wrote is lost
      toast(errorText(/** @type {any} */ (err)), {kind: "danger"});
    }
  }

  #help() {
    const group = (/** @type {string} */ name) => h("section", null, h("h3", {class: "keys__title"}, t(`mod.keys.${name}`)),
      h("dl", {class: "keys"}, ...bindings.filter((b) => b.group === name).flatMap((b) =>
        [h("dt", null, h("kbd", {class: "kbd"}, b.show)), h("dd", null, t(`mod.key.${b.act}`))])));
    openDialog({title: t("mod.keys"), body: [group("move"), group("act"), group("page")]});
  }

  #draw() {
    this.#drawing ||= requestAnimationFrame(() => this.#drawNow());
  }

  #drawNow() {
    cancelAnimationFrame(this.#drawing);
    this.#drawing = 0;
    const {you, room, connection, pulse} = this.#client.state;
    if (this.banner) this.banner.view = connection;
    if (!you || !room || !this.stream || !this.frame) return;
    const now = () => this.#client.now();
    const banned = room.banned ?? [], muted = room.muted ?? [];
    this.#head(room);
    const silent = new Set(muted.filter((m) => m.until <= 0 || m.until > now()).map((m) => m.user));
    if (this.gauge) this.gauge.view = {tally: pulse, notes: room.pulse ?? none, from: room.started_at, live: room.phase === "live", now: this.#now};
    this.stream.view = {chat: room.chat, questions: room.questions, you, muted: silent, slow: room.slow, hold: Boolean(room.board?.hold),
      waiting: room.held ?? []};
    const {people, next} = this.#roster;
    this.roster.view = {people, next, count: room.count, hands: room.hands, you, staff: true, host: you.role === "host", experts: room.board?.experts, now};
    this.bans.view = {banned, muted, now};
    this.log.view = {acts: this.#acts, more: this.#older > 0, now};
    const kept = banned.length + silent.size;
    /** @type {import("../elements/tab-bar.js").Tab[]} */
    const tabs = [
      {id: "people", label: t("host.tab.people"), icon: "people", count: room.hands.length, fresh: room.hands.length > 0},
      {id: "bans", label: t("mod.tab.bans"), icon: "ban", count: kept},
      {id: "log", label: t("mod.tab.log"), icon: "history"},
    ];
    if (!wide.matches) tabs.unshift({id: "stream", label: t("mod.tab.stream"), icon: "chat"});
    this.tabs.view = {tabs, active: this.#panel, label: t("mod.tabs")};
    this.frame.dataset.panel = this.#panel;
    this.#roster.watch(this.#panel === "people");
  }

  /** @param {Room} room */
  #head({title, phase, count}) {
    if (!this.title || !this.phase || !this.people || !this.peopleWords || !this.rate || !this.rateWords || !this.input || !this.form || !this.over || !this.help || !this.skip) return;
    document.title = `${title} · ${t("mod.page")} · Lyceum`;
    text(this.title, title);
    this.phase.className = phase === "live" ? "badge badge--live" : "badge";
    text(this.phase, t(phase === "live" ? "mod.phase.live" : `host.phase.${phase}`));
    text(this.people, number(count));
    text(this.peopleWords, t("mod.count.people", {n: count}));
    const rate = lastMinute(this.#said, this.#client.now());
    text(this.rate, number(rate));
    text(this.rateWords, t("mod.count.rate", {n: rate}));
    this.form.hidden = phase === "ended";
    this.over.hidden = !this.form.hidden;
    text(this.over, this.over.hidden ? "" : t("chat.ended"));
    this.input.placeholder = t("mod.say");
    this.input.setAttribute("aria-label", t("mod.say"));
    this.form.lastElementChild?.setAttribute("aria-label", t("mod.say.send"));
    this.help.title = `${t("mod.keys")} (?)`;
    this.help.setAttribute("aria-label", t("mod.keys"));
    text(this.skip, t("mod.skip"));
    this.menu.view = {items: [
      {label: t("host.viewers"), icon: "eye", act: () => window.open(`/class/${this.#room}`, "_blank", "noopener")},
      {label: t("report.link"), icon: "book", act: () => window.open(`/report/${this.#room}`, "_blank", "noopener")},
      {label: t("mod.keys"), icon: "info", act: () => this.#help()}, "line"]};
  }
}
