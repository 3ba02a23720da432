// @ts-check
/** @import {Phase, Question, Source, Stage} from "../client/protocol.js" */
import {clock, dateWithin, t} from "../i18n.js";
import {aria, h, icon, iconButton, setIcon, text, View} from "./dom.js";
import {openMenu} from "./menu.js";
import {QuestionFocus} from "./question-focus.js";
import "./reactions.js";
import "./session-poster.js";
import {StageTiles, staged, Voices} from "./stage-tiles.js";

/** @typedef {"auto" | "high" | "medium" | "low" | "audio"} Quality */
/**
 * media is how the connection for sound and picture stands, and way how they
 * come; foreign: there is a picture that cannot be shown this way; weak: the
 * connection bears the sound alone.
 * @typedef {{title: string, tags?: string[], phase: Phase, stage: Stage, now: () => number, startsAt?: number, quality?: Quality,
 *   media?: "idle" | "connecting" | "playing" | "reconnecting" | "failed", layer?: string, weak?: boolean,
 *   seats?: import("../client/protocol.js").Seats, speaker?: number, me?: string,
 *   focus?: Question | null, staff?: boolean, way?: "webrtc" | "hls", foreign?: boolean}} StageView
 */

const qualities = /** @type {const} */ (["auto", "high", "medium", "low", "audio"]);

/**
 * <class-stage> shows what is on air: the screen large with the camera beside
 * it, or the camera alone; or else what everybody waits for. Streams come in
 * by stream(), or as one film with its sound that somebody else plays in the
 * main video: film(). "stage-quality" {quality}, "stage-way" {way} and
 * "stage-retry" go out.
 * @extends {View<StageView>}
 */
export class ClassStage extends View {
  /** @type {Map<Source, MediaStream>} */
  #streams = new Map();
  #swapped = false;
  /** Own picture, while on the stage. @type {MediaStream | null} */ #self = null;
  #last = 0; // seat of who spoke last
  #muted = false;
  #hushed = false;
  /** @type {{picture: boolean} | null} */ #film = null;
  #wantsTap = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #tick;
  #idle = 0;

  constructor() {
    super();
    // The players live as long as the element: a change of language must not stop them.
    this.main = h("video", {class: "stage__main", playsInline: true, autoplay: true, muted: true});
    this.inset = h("video", {class: "stage__inset-video", playsInline: true, autoplay: true, muted: true});
    this.voice = h("audio", {autoplay: true});
    this.sound = h("audio", {autoplay: true});
    this.tiles = new StageTiles();
    this.voices = new Voices((refused) => this.#asked(refused));
    this.sky = /** @type {import("./reactions.js").ReactionSky} */ (document.createElement("reaction-sky"));
    /** What others lay over the picture, and put among its controls. @type {{over: HTMLElement[], controls: HTMLElement[]}} */
    this.extras = {over: [], controls: []};
  }

  build() {
    this.classList.add("stage");
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", t("stage.label"));
    this.poster = /** @type {import("./session-poster.js").SessionPoster} */ (document.createElement("session-poster"));
    this.waitTitle = h("p", {class: "stage__wait-title display"});
    this.waitText = h("p", {class: "stage__wait-text"});
    this.waitSpin = h("span", {class: "spinner", aria: {hidden: "true"}});
    this.retry = h("button", {type: "button", class: "btn btn--small", onclick: () => this.#tell("stage-retry")}, t("stage.retry"));
    this.wait = h("div", {class: "stage__wait"}, this.poster, h("div", {class: "stage__wait-words", role: "status"},
      this.waitSpin, this.waitTitle, this.waitText, this.retry));
    this.again = h("p", {class: "stage__again", role: "status"}, h("span", {class: "spinner", aria: {hidden: "true"}}), t("stage.again"));
    this.weak = h("p", {class: "stage__again", role: "status", hidden: true}, t("stage.weak"));
    this.alone = h("p", {class: "stage__again", role: "status", hidden: true}, t("stage.way.alone"));
    this.who = h("p", {class: "stage__who truncate", hidden: true});
    this.insetButton = h("button", {type: "button", class: "stage__inset", title: t("stage.swap"), aria: {label: t("stage.swap")}, onclick: () => {
      this.#swapped = !this.#swapped;
      this.#arrange();
    }}, this.inset);
    this.liveBadge = h("span", {class: "badge badge--live"}, t("stage.live"));
    this.liveTime = h("span", {class: "stage__time numeric"});
    this.unmute = h("button", {type: "button", class: "btn btn--primary stage__unmute", hidden: true, onclick: () => this.#listen()},
      icon("volume-off"), t("stage.unmute"));
    this.muteButton = this.#control("volume", t("stage.mute"), () => {
      this.#muted = !this.#muted;
      this.#play();
      this.refresh();
    });
    this.qualityButton = this.#control("quality", t("stage.quality"), () => this.#pickQuality());
    this.pipButton = this.#control("pip", t("stage.pip"), () => void this.#pip());
    this.fullButton = this.#control("fullscreen", t("stage.full"), () => void this.#full());
    this.pipButton.hidden = !document.pictureInPictureEnabled;
    this.fullButton.hidden = !document.fullscreenEnabled;
    this.controls = h("div", {class: "stage__controls", role: "toolbar", aria: {label: t("stage.controls")}}, this.muteButton,
      h("span", {class: "push"}), ...this.extras.controls, this.qualityButton, this.pipButton, this.fullButton);
    this.append(this.main, this.insetButton, this.who, this.tiles, this.wait, this.again, this.weak, this.alone, this.sky, ...this.extras.over, h("p", {class: "stage__top"}, this.liveBadge, this.liveTime),
      this.unmute, this.controls, this.voice, this.sound);
    this.focused = new QuestionFocus();
    this.append(this.focused);
    this.onfullscreenchange = () => this.refresh();
    this.onpointermove = this.onpointerdown = () => this.#awake();
    this.#arrange();
  }

  connectedCallback() {
    super.connectedCallback();
    this.#tick = setInterval(() => this.#time(), 1000);
    this.#awake();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#tick);
    clearTimeout(this.#idle);
  }

  /** @param {string} name @param {string} label @param {() => void} act */
  #control(name, label, act) {
    return iconButton(name, label, {class: "btn btn--icon stage__control", onclick: act});
  }

  /** @param {string} type @param {object} [detail] */
  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, {bubbles: true, detail}));
  }

  /**
   * Gives or takes away what comes from a source.
   * @param {Source} source
   * @param {MediaStream | null} stream
   */
  stream(source, stream) {
    if (stream) this.#streams.set(source, stream);
    else this.#streams.delete(source);
    if (/^guest-.*microphone$/.test(source)) this.voices.give(source, stream);
    this.#arrange();
    this.refresh();
  }

  /** Shows this page's person on the stage as they see themselves. @param {MediaStream | null} stream */
  self(stream) {
    if (this.#self === stream) return;
    this.#self = stream;
    this.#arrange();
    this.refresh();
  }

  /** Whether somebody is on the stage beside the host. */
  get #company() {
    return (this.view?.seats?.guests.length ?? 0) > 0;
  }

  /** Shows the host, the guests and the screen as the class's layout says. */
  #seat() {
    const {stage, seats, speaker = -1, me = ""} = this.view;
    if (speaker >= 0) this.#last = speaker;
    const {people, large} = staged({stage, seats, last: this.#last, me, streams: /** @type {Map<string, MediaStream>} */ (this.#streams), self: this.#self});
    const shown = large?.camera ? large.stream : null;
    show(this.main, shown);
    show(this.inset, null);
    this.main.classList.toggle("stage__main--mirror", Boolean(large?.own && shown));
    // Who is large without a picture is among the others, with their initials.
    this.tiles.view = {people: shown || !large ? people : [large, ...people], speaker, pinned: seats?.pinned};
    this.dataset.layout = shown ? "large" : "grid";
    if (this.insetButton) this.insetButton.hidden = true;
    if (this.who) {
      this.who.hidden = !shown || large?.seat === "screen";
      text(this.who, large?.own ? t("stage.you") : large?.name ?? "");
    }
  }

  /**
   * Leaves the main video to a film with its own sound; null: streams again.
   * @param {{picture: boolean} | null} film
   */
  film(film) {
    if (Boolean(film) !== Boolean(this.#film)) this.#wantsTap = false; // another player: it is asked again
    this.#film = film;
    this.#arrange();
    this.refresh();
  }

  /** Keeps still for a while, whatever was chosen. @param {boolean} still */
  hush(still) {
    this.#hushed = still;
    this.classList.toggle("stage--hushed", still);
    this.#play();
  }

  /** Lets reactions rise. @param {Record<string, number>} counts */
  react(counts) {
    this.sky.burst(counts);
  }

  /** Puts each stream where it is shown or heard. */
  #arrange() {
    const screen = this.#streams.get("screen") ?? null;
    const camera = this.#streams.get("camera") ?? null;
    const both = !this.#film && screen !== null && camera !== null;
    const [large, small] = both ? (this.#swapped ? [camera, screen] : [screen, camera]) : [screen ?? camera, null];
    if (this.#film || !this.#company) { // else #seat does: a video given one stream and then another begins anew
      show(this.main, this.#film ? null : large);
      show(this.inset, small);
    }
    show(this.voice, this.#streams.get("microphone") ?? null);
    show(this.sound, this.#streams.get("screen-audio") ?? null);
    if (this.insetButton) this.insetButton.hidden = !both;
    if (this.who) this.who.hidden = true;
    this.#play();
  }

  /** Plays all; where the browser will not sound without a tap, asks for one. */
  #play() {
    this.voices.play(this.#muted || this.#hushed);
    if (this.#film) {
      this.#playFilm();
      return;
    }
    this.main.muted = true; // what is heard, comes from elsewhere
    if (this.#company) this.#seat();
    else this.main.classList.remove("stage__main--mirror");
    for (const player of [this.main, this.inset]) {
      if (player.srcObject) player.play().catch(() => {}); // muted: only refused when replaced meanwhile
    }
    for (const player of [this.voice, this.sound]) {
      player.muted = this.#muted || this.#hushed;
      if (player.srcObject) {
        player.play().then(() => this.#asked(false), (err) => {
          if (err.name === "NotAllowedError") this.#asked(true);
        });
      }
    }
  }

  /** A film is seen in silence where its sound waits for a tap. */
  #playFilm() {
    const quiet = this.#muted || this.#hushed;
    this.main.classList.remove("stage__main--mirror");
    this.main.muted = quiet || this.#wantsTap;
    if (!this.main.paused) return;
    this.main.play().catch((err) => {
      if (err.name !== "NotAllowedError" || this.main.muted) return; // it has nothing to play yet: autoplay will
      this.#asked(true);
      this.#playFilm();
    });
  }

  /** @param {boolean} wanted the browser plays no sound without a tap */
  #asked(wanted) {
    this.#wantsTap = wanted;
    if (this.unmute) this.unmute.hidden = !wanted || this.dataset.on !== "true";
  }

  #listen() {
    this.#muted = false;
    this.#asked(false);
    this.#play();
    this.refresh();
  }

  /** @param {StageView} view */
  update(view) {
    const {wait, waitTitle, waitText, waitSpin, retry, again, controls, muteButton, fullButton, liveBadge, liveTime, poster, pipButton} = this;
    if (!wait || !waitTitle || !waitText || !waitSpin || !retry || !again || !controls || !muteButton || !fullButton || !liveBadge || !liveTime ||
      !poster || !pipButton) return;
    const {phase, stage, media = "idle"} = view;
    const company = this.#company && !this.#film;
    const failed = media === "failed"; // it is said, whatever was seen last
    const onAir = (stage.live || this.#company) && phase !== "ended";
    if (company !== this.classList.contains("stage--company") || company) {
      this.classList.toggle("stage--company", company);
      this.#arrange();
    }
    this.tiles.hidden = !company || failed;
    const picture = company || (this.#film ? this.#film.picture : this.#streams.has("camera") || this.#streams.has("screen"));
    if (this.focused) this.focused.view = {question: view.focus ?? null, staff: view.staff};
    poster.view = {title: view.title, tags: view.tags};
    wait.hidden = onAir && picture && !failed;
    again.hidden = !(onAir && picture && media === "reconnecting");
    if (this.weak) this.weak.hidden = !(onAir && picture && media === "playing" && view.weak && view.quality === "auto" && view.way !== "hls");
    controls.hidden = !onAir;
    liveBadge.hidden = liveTime.hidden = !onAir;
    this.dataset.on = String(onAir);
    this.dataset.picture = String(picture);
    this.#asked(this.#wantsTap);
    if (this.alone) this.alone.hidden = !(onAir && this.#film && this.#company && wait.hidden);
    pipButton.hidden = !document.pictureInPictureEnabled || !picture || (company && this.main.srcObject === null);

    let title = view.title, words = "";
    const connecting = onAir && (media === "connecting" || media === "reconnecting" || media === "idle");
    if (phase === "ended") [title, words] = [t("stage.ended"), t("stage.ended.text")];
    else if (onAir && failed) words = t("stage.failed");
    else if (onAir && view.foreign) words = t("stage.foreign");
    else if (onAir && view.quality === "audio") words = t("stage.audio");
    else if (onAir && !connecting) words = t("stage.voice");
    else if (connecting) words = t("stage.connecting");
    else if (phase === "waiting" && view.startsAt && view.startsAt > view.now()) words = t("stage.starts", {time: dateWithin(view.startsAt, view.now())});
    else words = t(phase === "waiting" ? "stage.waiting" : "stage.waiting.teacher");
    text(waitTitle, title);
    text(waitText, words);
    waitSpin.hidden = !connecting || picture;
    retry.hidden = !(onAir && failed);

    setIcon(muteButton, this.#muted ? "volume-off" : "volume");
    label(muteButton, t(this.#muted ? "stage.unmute.button" : "stage.mute"));
    const full = document.fullscreenElement === this;
    setIcon(fullButton, full ? "fullscreen-exit" : "fullscreen");
    label(fullButton, t(full ? "stage.full.exit" : "stage.full"));
    this.#time();
  }

  #time() {
    const view = this.view;
    if (!view || !this.liveTime) return;
    text(this.liveTime, view.stage.live && view.stage.since ? clock((view.now() - view.stage.since) / 1000) : "");
  }

  #pickQuality() {
    if (!this.qualityButton) return;
    const chosen = this.view.quality ?? "auto";
    openMenu(this.qualityButton, [{title: this.view.layer ? t("stage.quality.now", {layer: this.view.layer}) : t("stage.quality")},
      ...qualities.map((quality) => ({label: t(`stage.quality.${quality}`), checked: quality === chosen,
        act: () => this.#tell("stage-quality", {quality})})), "line",
      {label: t("stage.way.hls"), checked: this.view.way === "hls", act: () => this.#tell("stage-way", {way: this.view.way === "hls" ? "webrtc" : "hls"})}]);
  }

  async #pip() {
    try {
      if (document.pictureInPictureElement) await document.exitPictureInPicture();
      else await this.main.requestPictureInPicture();
    } catch {
      // The browser may refuse before the first picture; the button stays.
    }
  }

  async #full() {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await this.requestFullscreen();
    } catch {
      // Refused by the browser's settings; the page stays as it is.
    }
  }

  /** Shows the controls, and hides them when the pointer has rested. */
  #awake() {
    this.classList.remove("stage--resting");
    clearTimeout(this.#idle);
    this.#idle = window.setTimeout(() => this.classList.add("stage--resting"), 3000);
  }
}

/** @param {HTMLMediaElement} player @param {MediaStream | null} stream */
function show(player, stream) {
  if (player.srcObject !== stream) player.srcObject = stream;
}

/** @param {HTMLElement} button @param {string} words */
function label(button, words) {
  aria(button, "label", words);
  button.title = words;
}

customElements.define("class-stage", ClassStage);
