// @ts-check
/** @import {Member, Person, You} from "../client/protocol.js" */
import {t} from "../i18n.js";
import {h, icon, iconButton, keyed, setIcon, text, View} from "./dom.js";
import {send} from "./intents.js";
import {openMenu} from "./menu.js";
import {avatar, roleBadge} from "./person.js";

/**
 * people is absent where the list is not to be seen (viewers): then only the
 * count and the raised hands are shown.
 * @typedef {{count: number, hands: Person[], you: You, people?: Member[], next?: string, staff?: boolean, host?: boolean, experts?: Person[], now?: () => number}} PeopleView
 */

/**
 * <people-panel> says how many are here and whose hands are up; for staff it
 * lists everybody. It sends "hand-raise", "hand-lower", "mod-mute",
 * "mod-unmute", "mod-ban", "mod-unban", "role-set" and "qa-expert", and to the page
 * "people-find" {find} and "people-more" {after}.
 * @extends {View<PeopleView>}
 */
export class PeoplePanel extends View {
  build() {
    this.classList.add("people");
    this.count = h("p", {class: "people__count"});
    this.raise = h("button", {type: "button", class: "btn btn--block", onclick: () => {
      send(this, this.view.you.hand ? "hand-lower" : "hand-raise", {}).catch(() => {});
    }}, icon("hand"), h("span"));
    this.handsTitle = h("h2", {class: "people__title"}, icon("hand"), t("people.hands"));
    this.hands = h("ol", {class: "people__list"});
    this.search = h("input", {class: "input", type: "search", placeholder: t("people.find"), aria: {label: t("people.find")}});
    this.search.addEventListener("input", () => this.#ask("people-find", {find: this.search?.value.trim() ?? ""}));
    this.list = h("ul", {class: "people__list", aria: {label: t("people.list")}});
    this.more = h("button", {type: "button", class: "btn btn--small btn--block", onclick: () => this.#ask("people-more", {after: this.view.next ?? ""})},
      t("people.more"));
    this.none = h("p", {class: "small faint people__none"}, t("people.none"));
    this.append(h("div", {class: "people__head"}, this.count, this.raise), this.handsTitle, this.hands, this.search, this.list, this.none, this.more);
  }

  /** @param {string} type @param {object} detail */
  #ask(type, detail) {
    this.dispatchEvent(new CustomEvent(type, {bubbles: true, detail}));
  }

  /** @param {PeopleView} view */
  update(view) {
    const {count, raise, handsTitle, hands, search, list, more, none} = this;
    if (!count || !raise || !handsTitle || !hands || !search || !list || !more || !none) return;
    const {people, you, staff} = view;
    text(count, t("people.count", {n: view.count}));
    raise.hidden = Boolean(staff);
    raise.setAttribute("aria-pressed", String(you.hand));
    text(/** @type {Element} */ (raise.lastElementChild), t(you.hand ? "hand.lower" : "hand.raise"));
    handsTitle.hidden = hands.hidden = view.hands.length === 0;
    keyed(hands, view.hands, (p) => p.id, (p) => this.#hand(p));
    search.hidden = list.hidden = people === undefined;
    none.hidden = people === undefined || people.length > 0;
    more.hidden = !view.next;
    keyed(list, people ?? [], (p) => `${p.id}/${p.role}`, (p) => this.#member(p), (node, p) => {
      node.querySelector(".member__expert").hidden = p.role !== "viewer" || !this.#expert(p.id);
      // Who moderates from the console is at work, though not in the room.
      const here = p.here || p.id === you.id;
      node.classList.toggle("member--away", !here);
      const state = node.querySelector(".member__state");
      const muted = p.muted_until === -1 || p.muted_until > (view.now?.() ?? Date.now());
      text(state.lastElementChild, p.banned ? t("people.banned") : muted ? t("people.muted") : p.hand ? t("people.hand")
        : p.id === you.id ? t("people.you") : here ? "" : t(p.role === "viewer" ? "people.away" : "people.elsewhere"));
      setIcon(state, p.banned ? "ban" : muted ? "mute" : "hand");
      state.firstElementChild.toggleAttribute("hidden", !p.banned && !muted && !p.hand);
    });
  }

  /** @param {Person} person */
  #hand(person) {
    return h("li", {class: "member"}, avatar(person), h("span", {class: "grow truncate"}, person.name),
      this.view.staff ? h("button", {type: "button", class: "btn btn--small", aria: {label: t("stage.invite.other", {name: person.name})},
        onclick: () => send(this, "stage-invite", {user: person.id}).catch(() => {})}, t("stage.invite")) : null,
      this.view.staff ? iconButton("check", t("hand.lower.other", {name: person.name}), {class: "btn btn--icon btn--quiet btn--small",
        onclick: () => send(this, "hand-lower", {user: person.id}).catch(() => {})}) : null);
  }

  /** @param {Member} person */
  #member(person) {
    const more = iconButton("more", t("people.acts", {name: person.name}), {class: "btn btn--icon btn--quiet btn--small"});
    more.onclick = () => openMenu(more, this.#acts(person.id));
    const acts = this.view.staff && person.id !== this.view.you.id && person.role !== "host";
    return h("li", {class: "member"}, avatar(person), h("span", {class: "grow truncate"}, person.name),
      h("span", {class: "member__state row small faint"}, icon("hand"), h("span")),
      h("span", {class: "badge badge--soft member__expert", hidden: true}, icon("spark"), t("role.expert")), roleBadge(person.role), acts ? more : null);
  }

  /** Whether the host has invited somebody to answer questions. @param {string} user */
  #expert(user) {
    return Boolean(this.view.experts?.some(({id}) => id === user));
  }

  /** @param {string} user @returns {import("./menu.js").MenuItem[]} */
  #acts(user) {
    const person = this.view.people?.find((other) => other.id === user);
    if (!person) return [];
    const act = (/** @type {string} */ type, /** @type {object} */ more = {}) => () => void send(this, type, {user, ...more}).catch(() => {});
    const muted = person.muted_until === -1 || person.muted_until > (this.view.now?.() ?? Date.now());
    /** @type {import("./menu.js").MenuItem[]} */
    const acts = [{title: person.name}];
    if (this.view.host) {
      acts.push(person.role === "moderator" ? {label: t("role.demote"), icon: "person", act: act("role-set", {role: "viewer"})}
        : {label: t("role.promote"), icon: "shield", act: act("role-set", {role: "moderator"})});
      const expert = this.#expert(user);
      if (person.role === "viewer" || expert) acts.push({label: t(expert ? "role.expert.end" : "role.expert.invite"), icon: "spark", act: act("qa-expert", {on: !expert})});
      acts.push("line");
    }
    if (person.here && !muted && !person.banned) acts.push({label: t("stage.invite.long"), icon: "camera", act: act("stage-invite")}, "line");
    if (muted) acts.push({label: t("mod.unmute"), icon: "chat", act: act("mod-unmute")});
    else {
      acts.push({label: t("mod.mute.minutes", {n: 10}), icon: "mute", act: act("mod-mute", {seconds: 600})},
        {label: t("mod.mute"), icon: "mute", act: act("mod-mute")});
    }
    acts.push(person.banned ? {label: t("mod.unban"), icon: "undo", act: act("mod-unban")}
      : {label: t("mod.ban"), icon: "ban", danger: true, act: act("mod-ban")});
    return acts;
  }
}

customElements.define("people-panel", PeoplePanel);
