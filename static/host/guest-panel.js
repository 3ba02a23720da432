// @ts-check
/** @import {Guest, Seats, Stage} from "../client/protocol.js" */
import {aria, h, iconButton, keyed, text, View} from "../elements/dom.js";
import {send} from "../elements/intents.js";
import {openMenu} from "../elements/menu.js";
import {avatar} from "../elements/person.js";
import {StageTiles, Voices} from "../elements/stage-tiles.js";
import {t} from "../i18n.js";

/** @typedef {{seats?: Seats, stage: Stage, speaker: number, me: string}} GuestPanelView */

const layouts = /** @type {const} */ (["screen", "speaker", "grid"]);

/**
 * <guest-panel> is the stage for who runs it: the guests' pictures with a menu
 * each, who waits, and how everybody sees it. Guests' streams come in by
 * stream(); commands of the stage go out.
 * @extends {View<GuestPanelView>}
 */
export class GuestPanel extends View {
  tiles = new StageTiles();
  voices = new Voices();
  /** @type {Map<string, MediaStream>} */ #streams = new Map();

  build() {
    this.classList.add("guests");
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", t("stage.guests"));
    this.layout = h("div", {class: "cluster", role: "group", aria: {label: t("stage.layout")}}, ...layouts.map((layout) =>
      h("button", {type: "button", class: "chip", data: {layout}, onclick: () => this.#do("stage-layout", {layout})}, t(`stage.layout.${layout}`))));
    this.rules = iconButton("settings", t("stage.rules"), {class: "btn btn--icon btn--quiet btn--small"});
    this.rules.onclick = () => this.#rules();
    this.waiting = h("ul", {class: "guests__waiting", aria: {label: t("stage.waiting.list"), live: "polite"}});
    this.append(h("div", {class: "guests__head"}, h("h2", {}, t("stage.guests")), this.layout, this.rules), this.tiles, this.waiting);
    this.tiles.addEventListener("tile-menu", (event) => {
      const {id, button} = /** @type {CustomEvent} */ (event).detail;
      openMenu(button, this.#acts(id));
    });
  }

  /** @param {string} type @param {object} data */
  #do(type, data) {
    void send(this, type, data).catch(() => {});
  }

  /** @param {string} source @param {MediaStream | null} stream */
  stream(source, stream) {
    if (!source.startsWith("guest-")) return;
    if (stream) this.#streams.set(source, stream);
    else this.#streams.delete(source);
    if (source.endsWith("microphone")) this.voices.give(source, stream);
    this.refresh();
  }

  /** @param {GuestPanelView} view */
  update({seats, speaker}) {
    const {layout, waiting} = this;
    if (!layout || !waiting) return;
    const guests = seats?.guests ?? [], way = seats?.waiting ?? [];
    this.hidden = guests.length + way.length === 0;
    for (const button of layout.querySelectorAll("button")) aria(button, "pressed", button.dataset.layout === (seats?.layout ?? "screen"));
    this.tiles.hidden = guests.length === 0;
    this.tiles.view = {people: guests.map((g) => ({seat: g.seat, id: g.id, name: g.name, camera: !g.camera, microphone: !g.microphone,
      stream: this.#streams.get(`guest-${g.seat}/camera`) ?? null})), speaker, pinned: seats?.pinned, menu: true};
    keyed(waiting, way, (g) => g.id, (g) => this.#row(g), (node, g) => {
      const ready = g.phase === "waiting";
      text(node.querySelector(".guests__phase"), t(ready ? "stage.phase.waiting" : "stage.phase.invited"));
      node.querySelector(".btn--primary").hidden = !ready;
    });
  }

  /** @param {Guest} guest */
  #row(guest) {
    return h("li", {}, avatar(guest), h("span", {class: "grow truncate"}, guest.name), h("span", {class: "guests__phase small muted"}),
      h("button", {type: "button", class: "btn btn--small btn--primary", aria: {label: t("stage.admit.other", {name: guest.name})}, onclick: () => this.#do("stage-admit", {user: guest.id})}, t("stage.admit")),
      iconButton("close", t("stage.remove.other", {name: guest.name}), {class: "btn btn--icon btn--quiet btn--small", onclick: () => this.#do("stage-remove", {user: guest.id})}));
  }

  /** @param {string} user @returns {import("../elements/menu.js").MenuItem[]} */
  #acts(user) {
    const guests = this.view.seats?.guests ?? [];
    const at = guests.findIndex(({id}) => id === user), guest = guests[at];
    if (!guest) return [];
    const act = (/** @type {string} */ type, /** @type {object} */ more = {}) => () => this.#do(type, {user, ...more});
    const device = (/** @type {"microphone" | "camera"} */ source, /** @type {string} */ yes, /** @type {string} */ no) => (guest[source]
      ? {label: t(`stage.ask.${source}`), icon: yes, act: act("stage-switch", {source, on: true})}
      : {label: t(`stage.stop.${source}`), icon: no, act: act("stage-switch", {source, on: false})});
    const pinned = this.view.seats?.pinned === user;
    return [{title: guest.name}, device("microphone", "mic", "mic-off"), device("camera", "camera", "camera-off"),
      {label: t(pinned ? "stage.unpin" : "stage.pin"), icon: "pin", act: () => this.#do("stage-pin", {user: pinned ? "" : user})},
      ...(at > 0 ? [{label: t("stage.earlier"), icon: "chevron-left", act: act("stage-move", {to: at - 1})}] : []),
      ...(at < guests.length - 1 ? [{label: t("stage.later"), icon: "chevron-right", act: act("stage-move", {to: at + 1})}] : []), "line",
      {label: t("stage.remove"), icon: "exit", danger: true, act: act("stage-remove")}];
  }

  #rules() {
    if (!this.rules) return;
    const {seats = 5, auto = false} = this.view.seats?.rules ?? {};
    openMenu(this.rules, [{title: t("stage.seats")}, ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({label: String(n), checked: n === seats,
      act: () => this.#do("stage-rules", {seats: n, auto})})), "line",
      {label: t("stage.auto"), checked: auto, act: () => this.#do("stage-rules", {seats, auto: !auto})}]);
  }
}

customElements.define("guest-panel", GuestPanel);
