// @ts-check
// What is on air, as LL-HLS: for viewers for whom there is no place by WebRTC,
// or whose network lets nothing but HTTPS through. hls.js does the work and is
// loaded with the first of them.

import * as api from "./api.js";
import {Backoff} from "./backoff.js";

/** @typedef {import("./media.js").Quality} Quality */
/** @typedef {import("./media.js").ViewerState} ViewerState */
/**
 * What of hls.js is used here.
 * @typedef {object} Player
 * @property {(event: string, fn: (event: string, data: any) => void) => void} on
 * @property {(url: string) => void} loadSource
 * @property {(video: HTMLMediaElement) => void} attachMedia
 * @property {() => void} destroy
 * @property {{height: number, width: number, url: string[]}[]} levels
 * @property {number} nextLevel
 * @property {number} currentLevel
 * @property {Date | null} playingDate
 * @property {number} latency
 * @property {number | null} liveSyncPosition
 */

const pollEvery = 3_000; // ms between two looks whether something has come on air
const soonEvery = 500; // ms, while it is being made
const farBehind = 6; // seconds from which catching up by playing faster takes too long
const oftenEnough = 20_000; // ms between two looks at the multivariant playlist
const stuckFor = 6_000; // ms without a step forward after which it is begun anew

/** @type {Promise<any> | undefined} */
let loading;

function library() {
  loading ??= import(new URL("../vendor/hls.light.module.js", import.meta.url).href).then((m) => m.default);
  loading.catch(() => (loading = undefined)); // the next one tries again
  return loading;
}

/**
 * Plays a room's LL-HLS in a <video>, sound and all.
 *
 *	idle ──start, on air──▶ connecting ──▶ playing ◀──▶ reconnecting
 *	any ──no right to it, or the browser cannot──▶ failed
 *
 * It sends "state" {state}, "layer" {width, height} and "picture" {picture}:
 * whether there is one, or the codec that could not be shown.
 */
export class HlsMedia extends EventTarget {
  /** @type {ViewerState} */ state = "idle";
  /** @type {Quality} */ quality = "auto";
  picture = "";

  #video;
  #room;
  #token;
  #onAir;
  #on = false;
  #turn = 0; // counts what was begun, so that what is late does nothing
  /** @type {Player | null} */ #player = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #alarm;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #watch;
  #backoff = new Backoff({first: 1000, most: 10_000});
  #seen = {time: 0, at: 0};

  /** @param {{video: HTMLVideoElement, room: string, token: string, onAir: () => boolean}} what onAir: whether it is worth asking */
  constructor({video, room, token, onAir}) {
    super();
    this.#video = video;
    this.#room = room;
    this.#token = token;
    this.#onAir = onAir;
  }

  /** @param {Quality} quality */
  start(quality) {
    this.quality = quality;
    if (this.#on) return;
    this.#on = true;
    this.#watch = setInterval(() => this.#look(), 1000);
    void this.#begin();
  }

  /** Plays no more; the video is free again. */
  stop() {
    if (!this.#on) return;
    this.#on = false;
    clearInterval(this.#watch);
    this.#drop();
    this.#become("idle");
  }

  /** @param {Quality} quality */
  setQuality(quality) {
    const sound = (this.quality === "audio") !== (quality === "audio");
    this.quality = quality;
    if (!this.#on) return;
    if (sound) this.#again(0);
    else this.#choose();
  }

  /** The moment that is seen, by the server's clock, in Unix milliseconds; 0: none is. */
  get date() {
    const started = /** @type {{getStartDate?: () => Date}} */ (this.#video).getStartDate?.();
    const native = started && !Number.isNaN(started.getTime()) ? started.getTime() + this.#video.currentTime * 1000 : 0;
    return this.state === "playing" ? this.#player ? this.#player.playingDate?.getTime() ?? 0 : native : 0;
  }

  /** Waits until there is something, and plays it. */
  async #begin() {
    const turn = ++this.#turn;
    if (!this.#onAir()) {
      this.#become("idle");
      return this.#wait(pollEvery);
    }
    /** @type {{state: "idle" | "waiting" | "running", picture: string, url: string}} */
    let now;
    try {
      now = await api.call("GET", `/v1/rooms/${this.#room}/hls`, {token: this.#token}); // sets the cookie of players that know no header
    } catch (err) {
      if (turn !== this.#turn) return;
      const {status} = /** @type {api.ApiError} */ (err);
      if ([401, 403, 404].includes(status)) return this.#become("failed");
      this.#become("reconnecting");
      return this.#wait(this.#backoff.next());
    }
    if (turn !== this.#turn || !this.#on) return;
    if (now.picture !== this.picture) {
      this.picture = now.picture;
      this.#tell("picture", {picture: now.picture});
    }
    if (now.state !== "running") {
      this.#become(now.state === "idle" ? "idle" : this.state === "reconnecting" ? "reconnecting" : "connecting");
      return this.#wait(now.state === "idle" ? pollEvery : soonEvery);
    }
    if (this.state === "idle") this.#become("connecting");
    await this.#play(now.url, turn);
  }

  /** @param {string} url @param {number} turn */
  async #play(url, turn) {
    let Hls;
    try {
      Hls = await library();
    } catch {
      return this.#wait(this.#backoff.next());
    }
    if (turn !== this.#turn || !this.#on) return;
    this.#seen = {time: -1, at: performance.now()};
    if (!Hls.isSupported()) {
      if (!this.#video.canPlayType("application/vnd.apple.mpegurl")) return this.#become("failed");
      this.#video.src = url;
      return;
    }
    /** @type {Player} */
    const player = new Hls({
      enableWorker: false, // the pages' policy has none
      lowLatencyMode: true, backBufferLength: 10, maxLiveSyncPlaybackRate: 1.06,
      startLevel: {auto: -1, high: undefined, medium: undefined, low: 0, audio: -1}[this.quality],
      xhrSetup: (/** @type {XMLHttpRequest} */ xhr) => xhr.setRequestHeader("Authorization", `Bearer ${this.#token}`),
    });
    this.#player = player;
    const {Events} = Hls;
    const began = performance.now();
    const pictures = this.quality !== "audio";
    let settled = pictures; // no other list is to be read first
    player.on(Events.MANIFEST_PARSED, () => {
      const first = player.levels[0]?.url[0];
      if (!settled && first) {
        settled = true;
        player.loadSource(new URL("../sound/live.m3u8", new URL(first, location.href)).href);
        return;
      }
      this.#choose();
    });
    player.on(Events.LEVEL_SWITCHED, (_, {level}) => this.#layer(level));
    player.on(Events.LEVEL_UPDATED, (_, {details}) => {
      if (!details.live) this.#again(0); // the run is over: another one may have begun
      // A layer has come that the multivariant playlist did not have yet: each report is of another rendition, one of them the sound alone.
      else if (pictures && details.renditionReports?.length > player.levels.length && performance.now() - began > oftenEnough) this.#again(0);
    });
    player.on(Events.ERROR, (_, {fatal, type, response}) => {
      if (!fatal || player !== this.#player) return;
      if (response?.code === 401 || response?.code === 403) {
        this.#drop();
        this.#become("failed");
      } else this.#again(type === Hls.ErrorTypes.MEDIA_ERROR ? 0 : this.#backoff.next());
    });
    player.attachMedia(this.#video);
    player.loadSource(url);
  }

  /** Holds to the layer that was chosen. */
  #choose() {
    const player = this.#player;
    if (!player) return;
    const by = player.levels.map(({height}, i) => ({height, i})).sort((a, b) => a.height - b.height);
    const at = {auto: -1, audio: -1, low: 0, medium: Math.floor((by.length - 1) / 2), high: by.length - 1}[this.quality];
    player.nextLevel = at < 0 ? -1 : by[at]?.i ?? -1;
  }

  /** @param {number} level */
  #layer(level) {
    const {width = 0, height = 0} = this.#player?.levels[level] ?? {};
    this.#tell("layer", {width, height});
  }

  /** Sees once a second whether it goes on. */
  #look() {
    const time = this.#video.currentTime;
    const now = performance.now();
    if (!this.#player && !this.#video.src) return;
    if (time !== this.#seen.time) {
      const first = this.#seen.time < 0;
      this.#seen = {time, at: now};
      if (first || this.#video.readyState < 2) return;
      this.#backoff.reset();
      this.#become("playing");
      const {latency = 0, liveSyncPosition = null} = this.#player ?? {};
      if (latency > farBehind && liveSyncPosition !== null && liveSyncPosition > time) this.#video.currentTime = liveSyncPosition;
    } else if (this.#video.paused && this.state === "playing") this.#seen.at = now; // at its viewer's wish
    else {
      if (now - this.#seen.at > 2500 && this.state === "playing") this.#become("reconnecting");
      if (now - this.#seen.at > stuckFor) this.#again(0);
    }
  }

  /** Begins anew after a while. @param {number} ms */
  #again(ms) {
    if (!this.#on) return;
    this.#drop();
    this.#become("reconnecting");
    this.#wait(ms);
  }

  /** @param {number} ms */
  #wait(ms) {
    clearTimeout(this.#alarm);
    if (this.#on) this.#alarm = setTimeout(() => void this.#begin(), ms);
  }

  #drop() {
    clearTimeout(this.#alarm);
    this.#turn++;
    this.#player?.destroy();
    this.#player = null;
    if (this.#video.src) {
      this.#video.removeAttribute("src");
      this.#video.load();
    }
  }

  /** @param {ViewerState} state */
  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.#tell("state", {state});
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, {detail}));
  }
}
