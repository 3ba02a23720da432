// @ts-check
/** @import {Act, Ban, Mute} from "../client/protocol.js" */
import {h, icon, keyed, text, View} from "../elements/dom.js";
import {send} from "../elements/intents.js";
import {avatar} from "../elements/person.js";
import {ago, clock, duration, t, time} from "../i18n.js";

/** A picture for each act. @type {Record<string, string>} */
const pictures = {"mod.delete": "trash", "mod.approve": "check", "mod.reject": "close", "mod.mute": "mute", "mod.unmute": "chat", "mod.ban": "ban", "mod.unban": "undo", "mod.slow": "clock",
  "role.set": "shield", "poll.remove": "trash", "qa.hold": "eye", "qa.approve": "check", "qa.reject": "close", "qa.dismiss": "history", "qa.restore": "undo", "qa.merge": "copy",
  "qa.expert": "spark", "record.delete": "trash", "record.expire": "trash", "stage.invite": "camera", "stage.remove": "exit", "stage.switch": "mic-off"};

/** Acts whose reason says what was set: "on" or "off". */
const settings = new Set(["qa.hold", "qa.expert"]);

/** @typedef {{acts: Act[], more: boolean, now: () => number}} LogView */

/**
 * <mod-log> lists what the staff did, newest first. It sends "log-more".
 * @extends {View<LogView>}
 */
export class ModLog extends View {
  build() {
    this.classList.add("modlog");
    this.list = h("ol", {class: "modlog__list", aria: {label: t("mod.log")}});
    this.more = h("button", {type: "button", class: "btn btn--small btn--block", onclick: () => this.dispatchEvent(new CustomEvent("log-more", {bubbles: true}))},
      t("mod.log.more"));
    this.empty = h("div", {class: "empty"}, icon("history"), h("p", {class: "empty__title"}, t("mod.log.empty")), h("p", {class: "empty__text"}, t("mod.log.empty.text")));
    this.append(this.empty, this.list, this.more);
  }

  /** @param {LogView} view */
  update({acts, more, now}) {
    if (!this.list || !this.more || !this.empty) return;
    this.empty.hidden = acts.length > 0;
    this.more.hidden = !more;
    keyed(this.list, acts, (act) => act.seq, (act) => this.#act(act), (node, act) => {
      text(node.querySelector("time"), ago(act.at, now()));
    });
  }

  /** @param {Act} act */
  #act({act, at, by, target, reason, seconds}) {
    const params = {by: by.name, name: target?.name ?? "", time: seconds > 0 ? duration(seconds) : "", n: seconds};
    const key = `mod.act.${act}${variant(act, seconds, target !== null, reason)}`;
    const words = t(key, params);
    return h("li", {class: "act"}, h("span", {class: "act__icon", data: {act}}, icon(pictures[act] ?? "info")),
      h("div", {class: "grow"}, h("p", {class: "act__text"}, words === key ? t("mod.act.other", {by: by.name, act}) : words),
        reason && !settings.has(act) ? h("p", {class: "small muted"}, t("mod.reason", {reason})) : null),
      h("time", {class: "small faint", dateTime: new Date(at).toISOString(), title: time(at)}));
  }
}

/**
 * Which wording of an act fits: it may have an end or none, and a person or none.
 * @param {string} act
 * @param {number} seconds
 * @param {boolean} person
 * @param {string} reason
 */
function variant(act, seconds, person, reason) {
  if (settings.has(act)) return `.${reason}`;
  if (act === "mod.mute" && seconds === 0) return ".always";
  if (act === "mod.ban" && seconds > 0) return ".for";
  if (act === "mod.slow" && seconds === 0) return ".off";
  return act === "mod.delete" && person ? ".of" : "";
}

/** @typedef {{banned: Ban[], muted: Mute[], now: () => number}} BansView */

/**
 * <ban-list> lists who is banned or muted and lifts it: "mod-unban",
 * "mod-unmute".
 * @extends {View<BansView>}
 */
export class BanList extends View {
  /** @type {ReturnType<typeof setInterval> | undefined} */ #tick;

  build() {
    this.classList.add("bans");
    this.bannedTitle = h("h2", {class: "people__title"}, icon("ban"), t("mod.banned"));
    this.banned = h("ul", {class: "people__list", aria: {label: t("mod.banned")}});
    this.mutedTitle = h("h2", {class: "people__title"}, icon("mute"), t("mod.muted.list"));
    this.muted = h("ul", {class: "people__list", aria: {label: t("mod.muted.list")}});
    this.empty = h("div", {class: "empty"}, icon("shield"), h("p", {class: "empty__title"}, t("mod.bans.empty")), h("p", {class: "empty__text"}, t("mod.bans.empty.text")));
    this.append(this.empty, this.bannedTitle, this.banned, this.mutedTitle, this.muted);
  }

  connectedCallback() {
    super.connectedCallback();
    this.#tick = setInterval(() => this.refresh(), 1000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#tick);
  }

  /** @param {BansView} view */
  update({banned, muted, now}) {
    if (!this.bannedTitle || !this.banned || !this.mutedTitle || !this.muted || !this.empty) return;
    const holds = (/** @type {{until: number}} */ {until}) => until <= 0 || until > now();
    const bans = banned.filter(holds), mutes = muted.filter(holds);
    this.bannedTitle.hidden = this.banned.hidden = bans.length === 0;
    this.mutedTitle.hidden = this.muted.hidden = mutes.length === 0;
    this.empty.hidden = bans.length + mutes.length > 0;
    const left = (/** @type {number} */ until) => (until > 0 ? t("mod.left", {time: clock((until - now()) / 1000)}) : t("mod.always"));
    const about = (/** @type {number} */ until, /** @type {string} */ reason) => (reason ? `${left(until)} · ${reason}` : left(until));
    keyed(this.banned, bans, (ban) => ban.user, (ban) => this.#row(ban, "mod-unban"), (node, ban) => text(node.querySelector(".lifted__about"), about(ban.until, ban.reason)));
    keyed(this.muted, mutes, (mute) => mute.user, (mute) => this.#row(mute, "mod-unmute"), (node, mute) => text(node.querySelector(".lifted__about"), about(mute.until, "")));
  }

  /** @param {Mute} entry @param {"mod-unban" | "mod-unmute"} act */
  #row({user, name}, act) {
    return h("li", {class: "member"}, avatar({id: user, name}),
      h("span", {class: "grow lifted"}, h("span", {class: "truncate"}, name), h("span", {class: "small faint lifted__about"})),
      h("button", {type: "button", class: "btn btn--small", onclick: () => send(this, act, {user}).catch(() => {})}, t("mod.lift")));
  }
}

customElements.define("mod-log", ModLog);
customElements.define("ban-list", BanList);
