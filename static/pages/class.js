// @ts-check
/** @import {Pass, RoomCard} from "../client/api.js" */
/** @import {SessionItem} from "../client/protocol.js" */
import * as api from "../client/api.js";
import {Client} from "../client/client.js";
import {Ways} from "../client/hls-ways.js";
import {ViewerMedia} from "../client/media.js";
import {closed} from "../client/protocol.js";
import {lang, onLang, t} from "../i18n.js";
import {h, icon} from "../elements/dom.js";
import {previewMaths} from "../elements/rich-text.js";
import {ClassView} from "./class-view.js";
import {door} from "./door.js";
import {forget, fromToken, remember, seat} from "./identity.js";
import "../elements/site-menu.js";

// A viewer's way: address → door (a name, an invitation) → class. Whoever has
// a seat already (a reload, a second tab) goes straight in.

const room = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const place = document.body;
place.classList.add("class-page");
previewMaths(place); // in the chat and on the board

/** Takes what the address's fragment grants out of it, so that it is not shared by mistake. */
function takeGrant() {
  const grant = new URLSearchParams(location.hash.slice(1));
  const invitation = grant.get("invite") ?? undefined;
  const pass = fromToken(grant.get("token") ?? "");
  if (invitation || grant.has("token")) history.replaceState(null, "", location.pathname + location.search);
  return {invitation, pass};
}

/**
 * A page that only says something: not found, banned, out of reach.
 * @param {string} picture
 * @param {string} key of the words: key.title and key.text
 * @param {{label: string, act: () => void}} [way]
 */
function notice(picture, key, way) {
  const draw = () => {
    document.title = `${t(`${key}.title`)} · Lyceum`;
    place.replaceChildren(h("header", {class: "masthead"}, h("a", {class: "brand", href: "/"}, h("img", {src: "/static/icons/mark.svg", alt: ""}), "Lyceum"),
      h("span", {class: "push"}), h("site-menu", {view: {}})),
    h("main", {class: "notice"}, icon(picture), h("h1", {class: "display"}, t(`${key}.title`)), h("p", {class: "muted"}, t(`${key}.text`)),
      h("div", {class: "cluster"}, way ? h("button", {type: "button", class: "btn btn--primary", onclick: way.act}, t(way.label)) : null,
        h("a", {class: way ? "btn" : "btn btn--primary", href: "/"}, t("notice.home")))));
  };
  onLang(draw);
  draw();
}

const reload = {label: "notice.again", act: () => location.reload()};

/** @returns {Promise<{card: RoomCard, item?: SessionItem} | undefined>} */
async function look() {
  try {
    const [card, sessions] = await Promise.all([api.room(room), api.sessions().catch(() => ({sessions: []}))]);
    return {card, item: sessions.sessions.find((item) => item.room === room)};
  } catch (err) {
    const missing = err instanceof api.ApiError && err.status === 404;
    notice(missing ? "door" : "offline", missing ? "notice.missing" : "notice.offline", missing ? undefined : reload);
    return undefined;
  }
}

/**
 * Runs the class until its socket says that there is no coming back.
 * @param {string} token
 * @param {SessionItem} [item]
 * @param {Pass} [untried] what a link granted: only a server that welcomes it makes it worth more than a seat held already
 */
function attend(token, item, untried) {
  const client = new Client({room, token, lang});
  const view = new ClassView({client, place, room, token, item});
  const media = new Ways({media: new ViewerMedia(client), client, video: view.stage.main, room, token, onAir: () => client.state.room?.stage.live ?? false});
  client.behind = () => media.behind;
  onLang((which) => (client.lang = which));

  media.addEventListener("stream", (event) => {
    const {source, stream} = /** @type {CustomEvent} */ (event).detail;
    view.stage.stream(source, stream);
  });
  media.addEventListener("state", (event) => (view.media = {state: /** @type {CustomEvent} */ (event).detail.state}));
  media.addEventListener("layer", (event) => {
    const {source, layer, width, height} = /** @type {CustomEvent} */ (event).detail;
    if (source === "camera" || source === "screen") view.media = {layer: height ? `${width}×${height}` : undefined, weak: layer === ""};
  });
  view.stage.addEventListener("stage-quality", (event) => {
    const {quality} = /** @type {CustomEvent} */ (event).detail;
    view.media = {quality};
    void media.setQuality(quality);
  });
  /** What LL-HLS plays, or nothing. */
  const film = (picture = "shown") => {
    const on = media.way === "hls";
    view.stage.film(on ? {picture: picture === "shown" && view.quality !== "audio" && media.state !== "idle" && media.state !== "connecting"} : null);
    view.media = {way: media.way, foreign: on && picture !== "shown" && picture !== ""};
  };
  let picture = "";
  media.addEventListener("picture", (event) => film(picture = /** @type {CustomEvent} */ (event).detail.picture));
  media.addEventListener("state", () => film(picture));
  media.addEventListener("way", () => film(picture));
  view.stage.addEventListener("stage-way", (event) => media.choose(/** @type {CustomEvent} */ (event).detail.way));
  view.stage.addEventListener("stage-retry", () => void media.watch(view.quality));

  let welcome = !untried;
  client.on("@welcome", () => {
    welcome = true;
    if (untried) remember(room, untried);
  });
  client.on("@state", ({state, code}) => {
    if (state !== "closed" || code === 1000) return;
    if (code === closed.banned) {
      media.stop();
      forget(room, token);
      notice("ban", "notice.banned");
    } else if (code === closed.token || code === closed.expired) {
      media.stop();
      forget(room, token);
      if (welcome) location.reload();
      else notice("door", "notice.link", {label: "notice.link.go", act: () => location.reload()});
    } else if (code === closed.replaced) {
      media.stop();
      notice("screen", "notice.replaced", {label: "notice.here", act: () => location.reload()});
    } else if (code === closed.refused || code === closed.protocol) notice("alert", "notice.refused", reload);
  });
  client.connect();
  void media.watch("auto");
  view.draw();
}

const {invitation, pass: given} = takeGrant();
const held = invitation ? null : seat(room);
const seen = await look();
if (seen && given) attend(given.token, seen.item, given);
else if (seen && held) attend(held.token, seen.item);
else if (seen) {
  document.title = `${seen.card.title} · Lyceum`;
  const pass = await door(place, {room, ...seen, invitation});
  remember(room, pass);
  attend(pass.token, seen.item);
}
