// @ts-check
/** @import {RecordedFile, RecordingPage} from "../client/protocol.js" */
import {clock, t} from "../i18n.js";
import {aria, flag, h, icon, iconButton, setIcon, text} from "../elements/dom.js";
import {LiveCaptions} from "../captions/live-captions.js";
import {langName} from "../captions/names.js";
import {playable, show} from "./source.js";
import {chapterAt, fileAt, nextMoment} from "./timeline.js";

const speeds = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const ahead = 3_600_000; // ms that a file may have grown since it was looked at
const wordsEvery = 10_000; // ms between two looks at the captions of a class that goes on
const drift = 0.25; // seconds by which the second picture may be off

/**
 * <recording-player> plays a recorded class: the screen large with the camera
 * in its corner, or the camera alone. One film leads and the other keeps step;
 * where nothing was recorded it goes on to where something was. It sends
 * "player-time" {at, chapter} as it plays.
 */
export class RecordingPlayer extends HTMLElement {
  /** @type {RecordingPage | null} */ #view = null;
  #at = 0;
  #playing = false;
  #speed = 1;
  /** @type {Record<string, HTMLVideoElement>} */ #films = {};
  /** @type {Record<string, RecordedFile | null>} */ #shown = {host: null, screen: null};
  /** @type {ReturnType<typeof setInterval> | undefined} */ #tick;
  #captions = new LiveCaptions();
  /** What ends the showing of each film. @type {Record<string, () => void>} */ #ends = {};
  #worded = 0; // when the captions were last fetched
  /** The view's files; one that grows is there up to the moment. @type {RecordedFile[]} */ #files = [];

  /** @param {RecordingPage} view */
  set view(view) {
    this.#take(view);
    if (!this.frame) this.#build();
    this.#films.host.poster = view.poster;
    this.seek(0);
  }

  /** @returns {RecordingPage | null} */
  get shown() {
    return this.#view;
  }

  /** Goes on with a recording that has grown. @param {RecordingPage} view */
  grow(view) {
    this.#take(view);
    const now = Date.now();
    if (view.captions.length > 0 && now - this.#worded > wordsEvery) {
      this.#worded = now;
      for (const set of ["host", "screen"]) this.#tracks(set, this.#films[set], this.#shown[set]);
    }
    this.#arrange();
  }

  /** Lets go of the films. */
  close() {
    this.#playing = false;
    for (const set of Object.keys(this.#films)) {
      this.#ends[set]?.();
      this.#films[set].pause();
      this.#films[set].removeAttribute("src");
      this.#films[set].load();
    }
    this.#shown = {host: null, screen: null};
  }

  /** @param {RecordingPage} view */
  #take(view) {
    this.#view = view;
    this.#files = view.files.filter(playable).map((f) => (f.done ? f : {...f, length: f.length + ahead}));
  }

  connectedCallback() {
    this.#tick = setInterval(() => this.#follow(), 200);
    addEventListener("keydown", this.#key);
  }

  disconnectedCallback() {
    clearInterval(this.#tick);
    removeEventListener("keydown", this.#key);
  }

  get at() {
    return this.#at;
  }

  #build() {
    this.classList.add("player");
    for (const set of ["host", "screen"]) {
      const film = h("video", {class: `player__film player__film--${set}`, playsInline: true, preload: "auto", onended: () => this.#over(set), onclick: () => this.toggle()});
      film.addEventListener("error", () => flag(this, "player--failed", true));
      this.#films[set] = film;
    }
    this.big = h("button", {type: "button", class: "player__big", onclick: () => this.play()}, icon("play"));
    this.frame = h("div", {class: "player__frame"}, this.#films.screen, this.#films.host, this.#captions, this.big);
    this.#captions.button.className = "btn btn--icon btn--quiet";
    this.#captions.addEventListener("captions-lang", () => this.#read());
    this.button = iconButton("play", "", {class: "btn btn--icon btn--quiet", onclick: () => this.toggle()});
    this.slider = h("input", {type: "range", class: "player__slider", min: "0", step: "1000", oninput: () => this.seek(Number(this.slider?.value))});
    this.time = h("span", {class: "player__time numeric"});
    this.rate = h("select", {class: "input player__speed", onchange: () => this.setSpeed(Number(this.rate?.value))},
      ...speeds.map((s) => h("option", {value: String(s)}, `${s}×`)));
    this.sound = iconButton("volume", "", {class: "btn btn--icon btn--quiet", onclick: () => this.mute()});
    this.full = iconButton("fullscreen", "", {class: "btn btn--icon btn--quiet", onclick: () => this.fullscreen()});
    this.failure = h("p", {class: "player__failure", role: "alert"});
    this.replaceChildren(this.frame, this.failure, h("div", {class: "player__bar"}, this.button, this.slider, this.time, this.rate, this.#captions.button, this.sound, this.full));
    this.rate.value = "1";
    this.words();
  }

  /** Writes the words anew, in the page's language. */
  words() {
    if (!this.button || !this.slider || !this.rate || !this.sound || !this.full || !this.big || !this.failure) return;
    const {muted} = this.#films.host;
    for (const [node, key] of /** @type {const} */ ([[this.button, this.#playing ? "recording.pause" : "recording.play"], [this.big, "recording.play"],
      [this.slider, "recording.position"], [this.rate, "recording.speed"], [this.sound, muted ? "recording.unmute" : "recording.mute"], [this.full, "recording.fullscreen"]])) {
      aria(node, "label", t(key));
      node.title = t(key);
    }
    text(this.failure, t("recording.failed"));
    this.#draw();
  }

  play() {
    if (!this.#view) return;
    if (this.#at >= this.#view.length - 500) this.seek(0);
    this.#playing = true;
    this.#arrange();
  }

  pause() {
    this.#playing = false;
    this.#arrange();
  }

  toggle() {
    if (this.#playing) this.pause();
    else this.play();
  }

  /** @param {number} ms */
  seek(ms) {
    if (!this.#view) return;
    const {length} = this.#view;
    this.#at = nextMoment(this.#files, Math.max(0, Math.min(ms, length)), length);
    this.#arrange(true);
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.#speed = speed;
    for (const film of Object.values(this.#films)) film.playbackRate = speed;
    if (this.rate) this.rate.value = String(speed);
  }

  mute() {
    const muted = !this.#films.host.muted;
    for (const film of Object.values(this.#films)) film.muted = muted;
    if (this.sound) setIcon(this.sound, muted ? "volume-off" : "volume");
    this.words();
  }

  fullscreen() {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void this.requestFullscreen?.().catch(() => {}); // not everywhere
  }

  /** Shows the files of the moment, and has them play or rest. */
  #arrange(jump = false) {
    const view = this.#view;
    if (!view) return;
    const over = view.ended_at !== 0 && this.#at >= view.length;
    if (over) this.#playing = false;
    for (const set of ["host", "screen"]) {
      const film = this.#films[set];
      const file = fileAt(this.#files, set, over ? Math.max(0, view.length - 1) : this.#at);
      const before = this.#shown[set];
      this.#shown[set] = file;
      if (file?.url !== before?.url) {
        flag(this, "player--failed", false);
        this.#ends[set]?.();
        delete this.#ends[set];
        if (file) this.#ends[set] = show(film, file, Math.max(0, (this.#at - file.start) / 1000));
        else {
          film.removeAttribute("src");
          film.load();
        }
        this.#tracks(set, film, file);
        film.playbackRate = this.#speed;
        film.defaultPlaybackRate = this.#speed;
        jump = true;
      }
      film.hidden = !file?.video;
      if (!file) continue;
      const want = (this.#at - file.start) / 1000;
      if (jump && Math.abs(film.currentTime - want) > 0.05) film.currentTime = want;
      if (this.#playing && film.paused) film.play().catch((err) => err.name === "NotAllowedError" && this.pause());
      if (!this.#playing && !film.paused) film.pause();
    }
    flag(this, "player--screen", this.#shown.screen?.video);
    flag(this, "player--sound", !this.#shown.screen?.video && !this.#shown.host?.video);
    this.#draw();
  }

  /** Gives a film the captions of its file. @param {string} set @param {HTMLVideoElement} film @param {RecordedFile | null} file */
  #tracks(set, film, file) {
    const old = [...film.children];
    const fresh = (file ? this.#view?.captions ?? [] : []).map(({lang}) => {
      const track = h("track", {kind: "captions", srclang: lang, label: langName(lang), src: file ? file.url.replace(/[^.]+$/, `${lang}.vtt`) : ""});
      track.track.addEventListener("cuechange", () => {
        if (set === this.#lead()) this.#read();
      });
      return track;
    });
    film.append(...fresh);
    for (const track of old) track.remove();
    this.#read();
  }

  /** Shows the captions of the moment, in the language that is read. */
  #read() {
    const lead = this.#lead();
    const langs = (this.#view?.captions ?? []).map(({lang}) => lang);
    this.#captions.view = {captions: {langs, cues: []}, now: Date.now, exact: true};
    const lang = this.#captions.chosen;
    /** @type {import("../client/protocol.js").Cue[]} */
    const cues = [];
    for (const [set, film] of Object.entries(this.#films)) {
      for (const track of film.textTracks) {
        const read = set === lead && track.language === lang;
        const mode = read ? "hidden" : "disabled"; // hidden: we draw them ourselves, where and as large as is wished
        if (track.mode !== mode) track.mode = mode;
        if (!read) continue;
        for (const cue of track.activeCues ?? []) {
          const words = /** @type {VTTCue} */ (cue).getCueAsHTML().textContent ?? "";
          cues.push({id: cue.startTime * 1000, lang, text: words, begin: 0});
        }
      }
    }
    this.#captions.view = {captions: {langs, cues}, now: Date.now, exact: true};
  }

  /** The film by which the time goes. */
  #lead() {
    return this.#shown.host ? "host" : this.#shown.screen ? "screen" : null;
  }

  /** Reads the time off the leading film, and brings the other along. */
  #follow() {
    const view = this.#view;
    const lead = this.#lead();
    if (!view || !this.#playing || !lead) return;
    const film = this.#films[lead];
    const file = this.#shown[lead];
    if (!file || film.seeking || film.readyState < 2) return;
    const at = file.start + film.currentTime * 1000;
    if (file.done && at >= file.start + file.length) return this.#over(lead);
    this.#at = at;
    for (const set of ["host", "screen"]) {
      const other = this.#films[set];
      const shown = this.#shown[set];
      if (fileAt(this.#files, set, at)?.url !== shown?.url) return this.#arrange();
      if (!shown || set === lead || other.seeking) continue;
      const want = (at - shown.start) / 1000;
      if (Math.abs(other.currentTime - want) > drift) other.currentTime = want;
    }
    this.#draw();
  }

  /** A film has come to its end. @param {string} set */
  #over(set) {
    const view = this.#view;
    const file = this.#shown[set];
    const film = this.#films[set];
    if (!view || !file || !this.#playing || this.#lead() !== set) return;
    this.#at = nextMoment(this.#files, Math.max(this.#at, file.start + Math.min(file.length, film.duration * 1000 || Infinity)), view.length);
    this.#arrange();
  }

  #draw() {
    const view = this.#view;
    if (!view || !this.button || !this.slider || !this.time || !this.big) return;
    setIcon(this.button, this.#playing ? "pause" : "play");
    const label = t(this.#playing ? "recording.pause" : "recording.play");
    aria(this.button, "label", label);
    this.button.title = label;
    this.big.hidden = this.#playing || this.#at > 0;
    const length = Math.max(view.length, this.#at);
    this.slider.max = String(length);
    this.slider.value = String(Math.round(this.#at));
    const said = `${clock(this.#at / 1000)} / ${clock(length / 1000)}`;
    aria(this.slider, "valuetext", said);
    text(this.time, said);
    this.dispatchEvent(new CustomEvent("player-time", {detail: {at: this.#at, chapter: chapterAt(view.chapters, this.#at)}}));
  }

  /** @param {number} by */
  #chapter(by) {
    const {chapters = []} = this.#view ?? {};
    const now = chapterAt(chapters, this.#at);
    const to = chapters[by < 0 && now >= 0 && this.#at - chapters[now].at > 3000 ? now : now + by];
    if (to) this.seek(to.at);
  }

  #key = (/** @type {KeyboardEvent} */ event) => {
    const {target, key} = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#view) return;
    const at = /** @type {Element} */ (target);
    if (at.closest("input:not([type=range]), select, textarea, dialog, [role=menu]")) return;
    if ((key === " " || key === "Enter") && at.closest("button, a, summary")) return;
    const step = speeds.indexOf(this.#speed);
    /** @type {Record<string, () => void>} */
    const acts = {
      " ": () => this.toggle(), k: () => this.toggle(), m: () => this.mute(), f: () => this.fullscreen(),
      ArrowLeft: () => this.seek(this.#at - 5000), ArrowRight: () => this.seek(this.#at + 5000),
      j: () => this.seek(this.#at - 10_000), l: () => this.seek(this.#at + 10_000),
      Home: () => this.seek(0), End: () => this.seek(this.#view?.length ?? 0),
      n: () => this.#chapter(1), p: () => this.#chapter(-1),
      ">": () => this.setSpeed(speeds[Math.min(step + 1, speeds.length - 1)]), "<": () => this.setSpeed(speeds[Math.max(step - 1, 0)]),
    };
    const act = acts[key];
    if (!act) return;
    event.preventDefault();
    act();
  };
}

customElements.define("recording-player", RecordingPlayer);
