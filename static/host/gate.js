// @ts-check
/** @import {Pass} from "../client/api.js" */
/** @import {Kept} from "./pass.js" */
// The door of the pages for hosts and moderators: it accepts one-time links,
// invitations and tokens, and explains itself to whoever has none.

import * as api from "../client/api.js";
import {limits} from "../client/protocol.js";
import {h, icon} from "../elements/dom.js";
import "../elements/connection-banner.js";
import "../elements/site-menu.js";
import {errorText, onLang, t} from "../i18n.js";
import {fromToken, identity} from "../pages/identity.js";
import {linkTarget} from "./address.js";
import {keep, kept, led, untried} from "./pass.js";

/** @typedef {"host" | "moderate"} Desk */
/** What came behind the address's "#". @typedef {{once: string, invite: string, token: string}} Fragment */

/** @type {Fragment} */
export const noFragment = Object.freeze({once: "", invite: "", token: ""});

/** Takes the secret out of the address, so that it is in no history and no screenshot. @returns {Fragment} */
export function takeFragment() {
  const params = new URLSearchParams(location.hash.slice(1));
  const found = {once: params.get("once") ?? "", invite: params.get("invite") ?? "", token: params.get("token") ?? ""};
  if (found.once || found.invite || found.token) history.replaceState(null, "", location.pathname + location.search);
  return found;
}

/**
 * Lets somebody into desk's room: with the link they followed, else with the
 * token they have, else with a link they paste. Settles once they are in.
 * @param {HTMLElement} app
 * @param {{desk: Desk, room: string, fragment: Fragment, refused?: string}} options refused: the key of why they were sent back here
 * @returns {Promise<Kept>}
 */
export function enter(app, {desk, room, fragment, refused}) {
  const given = fromToken(fragment.token);
  if (given) return Promise.resolve(untried(given));
  // Whatever the token says, the class knows the role better: somebody may
  // have been made a moderator since. The socket tells.
  const own = refused ? null : kept(room);
  if (!fragment.once && !fragment.invite && own) return Promise.resolve(own);
  return new Promise((resolve) => {
    const typed = {name: identity()?.name ?? ""}; // survives a change of language
    const draw = () => {
      const face = fragment.once || fragment.invite
        ? ticketForm(desk, room, fragment, typed, (pass) => {
          quiet();
          resolve(keep(room, pass));
        })
        : linkForm(desk, room, refused ?? "");
      app.replaceChildren(frame(face));
      app.querySelector("input")?.focus();
    };
    const quiet = onLang(draw);
    draw();
  });
}

/** What is shown until the class is here. @param {HTMLElement} app @returns {any} its connection-banner */
export function waiting(app) {
  const banner = h("connection-banner");
  const words = h("p", {class: "row muted", role: "status"}, h("span", {class: "spinner"}), t("host.gate.wait"));
  app.replaceChildren(banner, frame(words));
  return banner;
}

/** @param {HTMLElement} face */
function frame(face) {
  return h("div", {class: "gate"},
    h("header", {class: "masthead"},
      h("a", {class: "brand", href: "/"}, h("img", {src: "/static/icons/mark.svg", alt: "", width: 32, height: 32}), "Lyceum"),
      h("span", {class: "push"}), h("site-menu")),
    h("main", {class: "gate__main"}, face));
}

/**
 * A name and a button: all that stands between a link and the class.
 * @param {Desk} desk
 * @param {string} room
 * @param {Fragment} fragment
 * @param {{name: string}} typed what stands in the field, from one drawing to the next
 * @param {(pass: Pass) => void} done
 */
function ticketForm(desk, room, {once, invite}, typed, done) {
  const me = identity();
  const name = h("input", {class: "input", id: "gate-name", name: "name", required: true, maxLength: limits.name,
    autocomplete: "name", value: typed.name, oninput: () => (typed.name = name.value), aria: {describedby: "gate-error"}});
  const submit = h("button", {type: "submit", class: "btn btn--primary btn--block"}, t(desk === "host" ? "host.gate.enter" : "mod.gate.enter"), icon("arrow-right"));
  const error = h("p", {class: "error", id: "gate-error", role: "alert"});
  const title = h("h1", {class: "display"}, t(desk === "host" ? "host.gate.title" : "mod.gate.title"));
  const form = h("form", {class: "gate__card card stack", onsubmit: async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    error.textContent = "";
    try {
      const who = {name: name.value.trim(), ...(me ? {user: me.token} : {})};
      done(once ? await api.claim(room, {secret: once, ...who}) : await api.redeem(room, {invitation: invite, ...who}));
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
      submit.disabled = false;
    }
  }},
    h("p", {class: "eyebrow"}, t(desk === "host" ? "host.gate.eyebrow" : "mod.gate.eyebrow")), title,
    h("p", {class: "muted"}, t(once ? "host.gate.once" : desk === "host" ? "host.gate.invite" : "mod.gate.invite")),
    h("div", {class: "field"}, h("label", {htmlFor: "gate-name"}, t("host.gate.name")), name,
      h("p", {class: "hint"}, t("host.gate.name.hint"))), error, submit);
  if (invite) api.room(room).then((card) => title.replaceChildren(card.title), () => {}); // the heading stands without it
  return form;
}

/**
 * For somebody without a link: how to get one, a place to paste it, and the
 * rooms that this browser can enter already.
 * @param {Desk} desk
 * @param {string} room
 * @param {string} refused
 */
function linkForm(desk, room, refused) {
  const rooms = led().filter((entry) => desk === "moderate" || entry.role === "host");
  const input = h("input", {class: "input", id: "gate-link", inputMode: "url", autocomplete: "off", spellcheck: false,
    placeholder: `${location.origin}/${desk}/…`});
  const error = h("p", {class: "error", role: "alert"});
  const form = h("form", {class: "row", onsubmit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const target = linkTarget(input.value.trim(), location.origin);
    if (!target) error.textContent = t("host.gate.link.bad");
    else if (target.split("#")[0] === location.pathname) {
      location.hash = target.slice(target.indexOf("#"));
      location.reload();
    } else location.assign(target);
  }}, input, h("button", {type: "submit", class: "btn btn--primary"}, t("host.gate.open")));
  return h("section", {class: "gate__card card stack"},
    h("h1", {class: "display"}, t(desk === "host" ? "host.gate.none" : "mod.gate.none")),
    refused ? h("p", {class: "banner banner--danger gate__why", role: "alert"}, icon("alert"), h("span", null, t(refused))) : null,
    h("p", {class: "muted"}, t(desk === "host" ? "host.gate.how" : "mod.gate.how")),
    desk === "host" ? h("pre", {class: "gate__code", tabIndex: 0}, h("code", null, `lyceum serve`)) : null,
    h("div", {class: "field"}, h("label", {htmlFor: "gate-link"}, t("host.gate.link")), form, error),
    rooms.length > 0 ? h("nav", {class: "stack gate__rooms", aria: {label: t("host.gate.rooms")}},
      h("h2", {class: "gate__title"}, t("host.gate.rooms")),
      ...rooms.map((entry) => h("a", {class: "gate__room", href: `/${desk}/${entry.room}`},
        h("span", {class: "grow truncate"}, entry.title || entry.room), h("span", {class: "badge"}, t(`role.${entry.role}`)), icon("chevron-right")))) : null,
    room ? h("a", {class: "btn btn--quiet", href: `/class/${room}`}, t("host.gate.viewer")) : null);
}
