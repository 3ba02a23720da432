// @ts-check
import {flag, h, icon, iconButton, keyed, text, View} from "./dom.js";
import {avatar} from "./person.js";
import {t} from "../i18n.js";

/**
 * Somebody on the stage, or the screen ("screen" for a seat). own: this page's person, whose picture is a mirror.
 * @typedef {{seat: number | "screen", id: string, name: string, camera: boolean, microphone: boolean, own?: boolean,
 *   stream: MediaStream | null}} OnStage
 */
/** @typedef {{people: OnStage[], speaker: number, pinned?: string, menu?: boolean}} TilesView */

/**
 * <stage-tiles> shows people of a stage side by side: their picture or their
 * initials, their name, and whether they speak. With menus it sends
 * "tile-menu" {person, button}.
 * @extends {View<TilesView>}
 */
export class StageTiles extends View {
  build() {
    this.classList.add("tiles");
    this.list = h("ul", {class: "tiles__list", aria: {label: t("stage.people")}});
    this.append(this.list);
  }

  /** @param {TilesView} view */
  update({people, speaker, pinned, menu}) {
    if (!this.list) return;
    this.dataset.count = String(people.length);
    keyed(this.list, people, (p) => `${p.seat}/${p.id}`, (p) => this.#tile(p, Boolean(menu)), (node, p) => {
      const video = /** @type {HTMLVideoElement} */ (node.querySelector("video"));
      const stream = p.camera ? p.stream : null;
      if (video.srcObject !== stream) {
        video.srcObject = stream;
        if (stream) video.play().catch(() => {}); // muted: only refused when replaced meanwhile
      }
      video.hidden = !stream;
      flag(video, "tile__video--mirror", Boolean(p.own));
      flag(node, "tile--speaks", p.seat === speaker && p.microphone);
      const state = node.querySelector(".tile__state");
      text(node.querySelector(".tile__words"), [p.own ? t("stage.you") : p.name, p.microphone || p.seat === "screen" ? "" : t("stage.silent"),
        p.seat === speaker ? t("stage.speaks") : "", pinned === p.id ? t("stage.pinned") : ""].filter(Boolean).join(", "));
      text(node.querySelector(".tile__name"), p.own ? t("stage.you") : p.name);
      state.hidden = p.microphone || p.seat === "screen";
      node.querySelector(".tile__pin").hidden = pinned !== p.id || p.seat === "screen";
    });
  }

  /** @param {OnStage} person @param {boolean} menu */
  #tile(person, menu) {
    const more = iconButton("more", t("people.acts", {name: person.name}), {class: "btn btn--icon btn--small tile__more"});
    more.onclick = () => this.dispatchEvent(new CustomEvent("tile-menu", {bubbles: true, detail: {id: person.id, button: more}}));
    return h("li", {class: person.seat === "screen" ? "tile tile--screen" : "tile", data: {seat: String(person.seat)}}, h("span", {class: "sr-only tile__words"}), avatar(person),
      h("video", {class: "tile__video", muted: true, autoplay: true, playsInline: true, hidden: true, aria: {hidden: "true"}}),
      h("span", {class: "tile__foot", aria: {hidden: "true"}}, h("span", {class: "tile__state", hidden: true}, icon("mic-off")),
        h("span", {class: "tile__pin", hidden: true}, icon("pin")), h("span", {class: "tile__name truncate"})),
      menu ? more : null);
  }
}

customElements.define("stage-tiles", StageTiles);

/** Plays the voices of a stage's guests; nothing of it is seen. */
export class Voices {
  /** @type {Map<string, HTMLAudioElement>} */ #players = new Map();
  #muted = false;
  #refused;

  /** @param {(refused: boolean) => void} [refused] is told whether the browser plays no sound without a tap */
  constructor(refused = () => {}) {
    this.#refused = refused;
  }

  /** @param {string} source @param {MediaStream | null} stream */
  give(source, stream) {
    const old = this.#players.get(source);
    if (old) old.srcObject = null;
    this.#players.delete(source);
    if (!stream) return;
    const player = h("audio", {autoplay: true});
    player.srcObject = stream;
    this.#players.set(source, player);
    this.play(this.#muted);
  }

  /** @param {boolean} muted */
  play(muted) {
    this.#muted = muted;
    for (const player of this.#players.values()) {
      player.muted = muted;
      player.play().then(() => {}, (err) => {
        if (err.name === "NotAllowedError") this.#refused(true);
      });
    }
  }

  close() {
    for (const source of [...this.#players.keys()]) this.give(source, null);
  }
}

/**
 * Who is on the stage, the host first, and whose picture is large: a person,
 * the screen, or nobody's where all are of one size.
 * @param {{stage: import("../client/protocol.js").Stage, seats?: import("../client/protocol.js").Seats, last: number, me: string,
 *   streams: ReadonlyMap<string, MediaStream>, self?: MediaStream | null}} what last: the seat of who spoke last
 * @returns {{people: OnStage[], large: OnStage | null}}
 */
export function staged({stage, seats, last, me, streams, self = null}) {
  /** @type {OnStage[]} */
  const people = [];
  const {by} = stage;
  if (stage.live && by) {
    people.push({seat: 0, id: by.id, name: by.name, camera: streams.has("camera"), microphone: stage.sources.includes("microphone"),
      stream: streams.get("camera") ?? null});
  }
  for (const guest of seats?.guests ?? []) {
    const own = guest.id === me;
    people.push({seat: guest.seat, id: guest.id, name: guest.name, camera: !guest.camera, microphone: !guest.microphone, own,
      stream: own ? self : streams.get(`guest-${guest.seat}/camera`) ?? null});
  }
  const screen = streams.get("screen");
  /** @type {OnStage | null} */
  const shared = screen && by ? {seat: "screen", id: by.id, name: t("stage.screen"), camera: true, microphone: false, stream: screen} : null;
  if (seats?.layout === "grid") return {people: shared ? [shared, ...people] : people, large: null};
  if (shared && seats?.layout !== "speaker") return {people, large: shared};
  const large = people.find((p) => seats?.pinned && p.id === seats.pinned) ?? people.find((p) => p.seat === last) ?? people[0] ?? null;
  const others = people.filter((p) => p !== large);
  return {people: shared ? [shared, ...others] : others, large};
}
