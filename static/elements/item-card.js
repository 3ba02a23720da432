// @ts-check
/** @import {Item, Phase} from "../client/protocol.js" */
import {date, duration, has, t} from "../i18n.js";
import {h, icon, View} from "./dom.js";
import "./session-poster.js";

/** @typedef {{item: Item & {phase?: Phase, count?: number, reason?: string}, now?: number, large?: boolean}} CardView */

/** Where an item of the catalogue is seen. @param {Item} item */
export function where(item) {
  if (item.kind === "session" && item.room) return `/class/${item.room}`;
  return item.url || `/videos/${item.id}`;
}

/** What a level is called; a catalogue may have names of its own. @param {string} level */
export const levelName = (level) => (has(`level.${level}`) ? t(`level.${level}`) : level);

/** Its poster: its own, or one drawn from title and topic. @param {Item} item @returns {HTMLElement} */
export function posterOf(item) {
  if (item.poster) return h("img", {src: item.poster, alt: "", loading: "lazy"});
  return /** @type {any} */ (h("session-poster", {view: {title: item.title, tags: item.tags}}));
}

/**
 * <item-card> is a session or short video in a list: one link with its
 * poster, when it is, who teaches and why it is shown.
 * @extends {View<CardView>}
 */
export class ItemCard extends View {
  /** @param {CardView} view */
  update({item, now = Date.now(), large}) {
    const live = item.phase === "live";
    this.className = `item-card item-card--${item.kind}${large ? " item-card--large" : ""}`;
    this.dataset.item = item.id;
    const when = live ? h("span", {class: "badge badge--live"}, t("phase.live"))
      : item.kind === "session" && item.starts_at > now ? h("span", {class: "badge item-card__when"}, icon("calendar"), date(item.starts_at, now))
        : item.kind === "session" && item.phase === "waiting" ? h("span", {class: "badge badge--soft"}, t("phase.open")) : null;
    const facts = [
      live && item.count ? h("span", {class: "row item-card__fact"}, icon("people"), t("people.here", {n: item.count})) : null,
      item.duration_s > 0 && !live ? h("span", {class: "row item-card__fact"}, icon("clock"), duration(item.duration_s)) : null,
      item.level ? h("span", {class: "item-card__fact"}, levelName(item.level)) : null,
    ];
    const link = h("a", {class: "item-card__link", href: where(item)}, item.title);
    if (item.lang) link.lang = item.lang;
    this.replaceChildren(
      h("div", {class: "item-card__poster"}, posterOf(item), when,
        item.kind === "video" ? h("span", {class: "item-card__play"}, icon("book")) : null),
      h("div", {class: "item-card__body"},
        item.reason ? h("p", {class: "item-card__reason"}, icon("spark"), item.reason) : null,
        h(large ? "h2" : "h3", {class: large ? "item-card__title display" : "item-card__title"}, link),
        large && item.description ? h("p", {class: "item-card__about"}, item.description) : null,
        h("p", {class: "item-card__by"}, item.author),
        h("p", {class: "cluster item-card__facts"}, ...facts),
        large ? h("span", {class: "btn btn--primary item-card__go", aria: {hidden: "true"}}, t(live ? "item.join" : "item.open"), icon("arrow-right")) : null));
  }
}

customElements.define("item-card", ItemCard);
