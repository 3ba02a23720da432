// @ts-check
/** @import {Pass, RoomCard} from "../client/api.js" */
/** @import {SessionItem} from "../client/protocol.js" */
import * as api from "../client/api.js";
import {limits} from "../client/protocol.js";
import {date, errorText, onLang, t} from "../i18n.js";
import {h, icon, text} from "../elements/dom.js";
import {identity} from "./identity.js";
import "../elements/session-poster.js";
import "../elements/site-menu.js";

/**
 * The door of a class: what it is, who is asked in, and a name to go in by.
 * Resolves with the pass once the server has let the person in.
 * @param {HTMLElement} place
 * @param {{room: string, card: RoomCard, item?: SessionItem, invitation?: string}} what
 * @returns {Promise<Pass>}
 */
export function door(place, {room, card, item, invitation}) {
  return new Promise((resolve) => {
    const known = identity();
    let typed = known?.name ?? "";

    const draw = () => {
      const name = h("input", {class: "input", id: "door-name", name: "name", autocomplete: "nickname", required: true, maxLength: limits.name,
        value: typed, placeholder: t("join.name.example"), oninput: () => (typed = name.value)});
      const refusal = h("p", {class: "error", role: "alert", hidden: true});
      const button = h("button", {type: "submit", class: "btn btn--primary btn--block"}, t(invitation ? "join.accept" : "join.go"), icon("arrow-right"));
      const form = h("form", {class: "door__form stack", onsubmit: async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        button.disabled = true;
        refusal.hidden = true;
        const who = {name: name.value.trim(), user: known?.token};
        try {
          const pass = await enter(room, who, invitation);
          quiet();
          resolve(pass);
        } catch (err) {
          button.disabled = false;
          refusal.hidden = false;
          text(refusal, errorText(/** @type {any} */ (err)));
          name.focus();
        }
      }}, h("div", {class: "field"}, h("label", {for: "door-name"}, t("join.name")), name, refusal), button,
      h("p", {class: "hint"}, t("join.hint")));

      const state = card.phase === "live" ? h("span", {class: "badge badge--live"}, t("phase.live"))
        : h("span", {class: "badge"}, t(`phase.${card.phase}`));
      const poster = /** @type {any} */ (h("session-poster", {view: {title: card.title, tags: item?.tags}}));
      place.replaceChildren(h("header", {class: "masthead"}, h("a", {class: "brand", href: "/"}, h("img", {src: "/static/icons/mark.svg", alt: ""}), "Lyceum"),
        h("span", {class: "push"}), h("site-menu", {view: {}})),
      h("main", {class: "door"}, h("section", {class: "door__card"}, h("div", {class: "door__poster"}, poster),
        h("div", {class: "door__body"},
          h("p", {class: "cluster"}, state, card.count > 0 ? h("span", {class: "small muted"}, t("people.here", {n: card.count})) : null,
            item?.starts_at && card.phase === "waiting" ? h("span", {class: "small muted"}, date(item.starts_at)) : null),
          h("h1", {class: "display"}, card.title),
          item?.description ? h("p", {class: "muted door__about"}, item.description) : null,
          item?.author ? h("p", {class: "small"}, t("item.by", {name: item.author})) : null,
          form))));
      name.focus();
    };
    const quiet = onLang(draw);
    draw();
  });
}

/**
 * @param {string} room
 * @param {{name: string, user?: string}} who
 * @param {string} [invitation]
 * @returns {Promise<Pass>}
 */
async function enter(room, who, invitation) {
  const go = (/** @type {{name: string, user?: string}} */ as) =>
    (invitation ? api.redeem(room, {...as, invitation}) : api.join(room, as));
  try {
    return await go(who);
  } catch (err) {
    // An old token that no longer holds must not keep anybody out.
    if (who.user && err instanceof api.ApiError && err.code.startsWith("auth.")) {
      return go({name: who.name});
    }
    throw err;
  }
}
