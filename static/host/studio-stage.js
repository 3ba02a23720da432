// @ts-check
/** @import {Phase, Source, Stage, You} from "../client/protocol.js" */
/** @import {MediaState} from "./broadcast.js" */
import {aria, flag, h, icon, setIcon, text, View} from "../elements/dom.js";
import {clock, t} from "../i18n.js";

/**
 * @typedef {object} StudioView
 * @property {Record<Source, MediaStreamTrack | null>} tracks
 * @property {boolean} possible whether the browser allows capturing here
 * @property {boolean} sharing whether screens can be shared
 * @property {boolean} asked whether devices have been asked for
 * @property {boolean} wanted on air, or about to be
 * @property {boolean} busy
 * @property {MediaState} media
 * @property {Phase} phase
 * @property {Stage} stage
 * @property {You} you
 * @property {() => number} now
 */

/**
 * <studio-stage> is the teacher's own picture and the controls below it. It
 * sends "studio-devices" (start them), "studio-toggle" {source},
 * "studio-live", "studio-stop", "studio-settings" and "studio-reopen".
 * @extends {View<StudioView>}
 */
export class StudioStage extends View {
  /** @type {ReturnType<typeof setInterval> | undefined} */ #tick;

  build() {
    this.classList.add("studio-stage");
    this.main = h("video", {class: "studio-stage__main", muted: true, autoplay: true, playsInline: true, aria: {label: t("host.preview")}});
    this.inset = h("video", {class: "studio-stage__inset", muted: true, autoplay: true, playsInline: true, aria: {label: t("host.preview.camera")}});
    this.emptyIcon = icon("camera-off");
    this.emptyTitle = h("p", {class: "empty__title"});
    this.emptyText = h("p", {class: "empty__text"});
    this.begin = this.#button("studio-devices", "btn btn--primary", "camera", t("host.devices.start"));
    this.empty = h("div", {class: "empty studio-stage__empty"}, this.emptyIcon, this.emptyTitle, this.emptyText, this.begin);
    this.badge = h("span", {class: "badge"});
    this.time = h("span", {class: "studio-stage__time numeric", role: "timer", aria: {live: "off"}});
    this.note = h("span", {class: "studio-stage__note", role: "status"});
    this.frame = h("div", {class: "studio-stage__frame"}, this.main, this.inset, this.empty,
      h("div", {class: "studio-stage__top"}, this.badge, this.time, this.note));

    this.live = h("button", {type: "button", class: "btn btn--live studio-stage__live", onclick: () => this.#live()}, icon("play"), h("span"));
    this.microphone = this.#toggle("microphone", "mic");
    this.level = h("span", {class: "studio-stage__level", aria: {hidden: "true"}});
    this.microphone.append(this.level);
    this.camera = this.#toggle("camera", "camera");
    this.screen = this.#toggle("screen", "screen");
    this.settings = this.#button("studio-settings", "btn btn--quiet studio-stage__tool", "settings", t("host.devices"));
    this.settings.classList.add("btn--icon");
    this.append(this.frame, h("div", {class: "studio-stage__bar", role: "toolbar", aria: {label: t("host.controls")}},
      this.live, this.microphone, this.camera, this.screen, this.settings));
  }

  connectedCallback() {
    super.connectedCallback();
    this.#tick = setInterval(() => this.#time(), 1000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#tick);
  }

  /** @param {string} type @param {object} [detail] */
  #send(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, {bubbles: true, detail}));
  }

  /** @param {string} type @param {string} look @param {string} picture @param {string} label */
  #button(type, look, picture, label) {
    return h("button", {type: "button", class: look, title: label, onclick: () => this.#send(type)}, icon(picture), h("span", null, label));
  }

  /** @param {Source} source @param {string} picture */
  #toggle(source, picture) {
    return h("button", {type: "button", class: "btn studio-stage__tool", data: {source}, onclick: () => this.#send("studio-toggle", {source})},
      icon(picture), h("span"));
  }

  #live() {
    const {wanted, phase} = this.view;
    this.#send(wanted ? "studio-stop" : phase === "ended" ? "studio-reopen" : "studio-live");
  }

  /** @param {StudioView} view */
  update(view) {
    const {main, inset, empty, badge, note, live, microphone, camera, screen, begin} = this;
    if (!main || !inset || !empty || !badge || !note || !live || !microphone || !camera || !screen || !begin) return;
    const {tracks} = view;
    show(main, tracks.screen ?? tracks.camera);
    show(inset, tracks.screen ? tracks.camera : null);
    flag(main, "studio-stage__main--mirror", !tracks.screen);
    this.#empty(view);

    const air = view.stage.live;
    const mine = view.stage.by?.id === view.you.id;
    badge.className = air ? "badge badge--live" : "badge";
    text(badge, air ? t("host.air.on") : t(view.phase === "ended" ? "host.air.ended" : "host.air.off"));
    flag(this, "studio-stage--air", air && view.wanted);
    let say = "";
    if (view.wanted && (view.media === "reconnecting" || view.media === "failed")) say = t("host.media.again");
    else if (view.wanted && view.media === "connecting") say = t("host.media.connecting");
    else if (air && !mine && view.stage.by) say = t("host.air.other", {name: view.stage.by.name});
    else if (air && mine && !view.wanted) say = t("host.air.lost");
    text(note, say);
    note.hidden = say === "";

    const nothing = !Object.values(tracks).some(Boolean);
    live.disabled = view.busy || (!view.wanted && view.phase !== "ended" && nothing);
    live.className = view.wanted ? "btn btn--danger studio-stage__live" : "btn btn--live studio-stage__live";
    setIcon(live, view.wanted ? "stop" : "play");
    text(/** @type {Element} */ (live.lastElementChild), t(view.wanted ? "host.stop" : view.phase === "ended" ? "host.reopen.short" : "host.live"));
    aria(live, "busy", view.busy ? true : null);

    this.#state(microphone, Boolean(tracks.microphone?.enabled), "host.mic", "mic", "mic-off");
    this.#state(camera, Boolean(tracks.camera), "host.camera", "camera", "camera-off");
    this.#state(screen, Boolean(tracks.screen), "host.screen", "screen", "screen");
    microphone.disabled = camera.disabled = !view.possible;
    screen.hidden = !view.sharing;
    this.#time();
  }

  /** @param {HTMLButtonElement} button @param {boolean} on @param {string} key @param {string} yes @param {string} no */
  #state(button, on, key, yes, no) {
    const label = t(`${key}.${on ? "on" : "off"}`);
    setIcon(button, on ? yes : no);
    text(button.children[1], t(key));
    aria(button, "label", label);
    aria(button, "pressed", on);
    button.title = label;
    flag(button, "studio-stage__tool--off", !on);
  }

  /** @param {StudioView} view */
  #empty({tracks, possible, asked, phase}) {
    const {empty, emptyIcon, emptyTitle, emptyText, begin} = this;
    if (!empty || !emptyIcon || !emptyTitle || !emptyText || !begin) return;
    empty.hidden = Boolean(tracks.camera || tracks.screen);
    begin.hidden = !possible || asked;
    const key = !possible ? "host.empty.insecure" : phase === "ended" ? "host.empty.ended" : asked
      ? (tracks.microphone ? "host.empty.sound" : "host.empty.off") : "host.empty";
    setIcon(emptyIcon, key === "host.empty.sound" ? "volume" : key === "host.empty.insecure" ? "lock" : "camera");
    text(emptyTitle, t(key));
    text(emptyText, t(`${key}.text`));
  }

  #time() {
    if (!this.view || !this.time) return;
    const {stage, now} = this.view;
    text(this.time, stage.live ? clock((now() - stage.since) / 1000) : "");
    this.time.hidden = !stage.live;
  }

  /** Shows how loud the microphone is. @param {number} level 0 to 1 */
  hear(level) {
    if (this.level) this.level.style.transform = `scaleX(${level.toFixed(2)})`;
  }
}

/** Shows a track in a video, or hides the video. @param {HTMLVideoElement} video @param {MediaStreamTrack | null} track */
function show(video, track) {
  video.hidden = !track;
  const shown = /** @type {MediaStream | null} */ (video.srcObject)?.getVideoTracks()[0] ?? null;
  if (shown !== track) video.srcObject = track ? new MediaStream([track]) : null;
}

customElements.define("studio-stage", StudioStage);
