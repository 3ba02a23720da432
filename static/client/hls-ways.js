// @ts-check
// The two ways to see a class: WebRTC, at once; and LL-HLS, two to three
// seconds later and for as many as there are.

import {HlsMedia} from "./hls.js";

/** @typedef {import("./media.js").Quality} Quality */
/** @typedef {import("./media.js").ViewerMedia} ViewerMedia */
/** @typedef {import("./media.js").ViewerState} ViewerState */
/** @typedef {import("./protocol.js").Source} Source */
/** Why it is LL-HLS. @typedef {"" | "full" | "blocked" | "chosen"} Why */

const patience = 10_000; // ms that WebRTC may try
const tryEvery = 60_000; // ms after which it is tried again, and up to half as much more

/**
 * Ways has a viewer's sound and picture come by WebRTC, and by LL-HLS where
 * that does not go.
 *
 *	webrtc ──no place, no way through, chosen──▶ hls ──WebRTC plays after all, chosen──▶ webrtc
 *
 * While LL-HLS plays, WebRTC is tried now and then beside it, unless the viewer
 * chose; nothing is interrupted before the other plays.
 *
 * It sends what ViewerMedia does, "stream", "state" and "layer"; "way" {way, why};
 * and "picture" {picture} of LL-HLS. By LL-HLS the video that it was given plays.
 */
export class Ways extends EventTarget {
  /** @type {"webrtc" | "hls"} */ way = "webrtc";
  /** @type {Why} */ why = "";

  #media;
  #hls;
  #now;
  /** @type {Quality} */ #quality = "auto";
  /** What WebRTC has given. @type {Map<Source, MediaStream>} */ #streams = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #alarm;
  #open = true;
  #only = false; // there is no LL-HLS here, or this browser cannot play it

  /**
   * @param {{media: ViewerMedia, client: {on: (type: string, fn: (data: any) => void) => () => void, now: () => number}, video: HTMLVideoElement, room: string,
   *   token: string, onAir: () => boolean}} what
   */
  constructor({media, client, video, room, token, onAir}) {
    super();
    this.#media = media;
    this.#now = () => client.now();
    this.#hls = new HlsMedia({video, room, token, onAir});
    client.on("@state", ({state}) => {
      this.#open = state === "open"; // nothing comes through: that says nothing about WebRTC
      this.#mind();
    });
    media.addEventListener("stream", (event) => {
      const {source, stream} = /** @type {CustomEvent} */ (event).detail;
      if (stream) this.#streams.set(source, stream);
      else this.#streams.delete(source);
      if (this.way === "webrtc") this.#tell("stream", {source, stream});
    });
    media.addEventListener("layer", (event) => this.way === "webrtc" && this.#tell("layer", /** @type {CustomEvent} */ (event).detail));
    media.addEventListener("full", () => this.#over("full"));
    media.addEventListener("state", () => {
      if (this.way === "webrtc") this.#tell("state", {state: media.state});
      else if (media.state === "playing" && this.why !== "chosen") this.#back();
      this.#mind();
    });
    this.#hls.addEventListener("state", () => {
      if (this.way === "hls" && this.#hls.state === "failed") this.#without();
    });
    for (const type of ["state", "picture"]) {
      this.#hls.addEventListener(type, (event) => this.way === "hls" && this.#tell(type, /** @type {CustomEvent} */ (event).detail));
    }
    this.#hls.addEventListener("layer", (event) => this.way === "hls" && this.#tell("layer", {source: "camera", .../** @type {CustomEvent} */ (event).detail}));
  }

  /** @returns {ViewerState} */
  get state() {
    return this.way === "hls" ? this.#hls.state : this.#media.state;
  }

  /** How far the picture that is seen is behind the server's clock, in milliseconds; 0 by WebRTC. */
  get behind() {
    const {date} = this.#hls;
    return this.way === "hls" && date ? Math.max(0, this.#now() - date) : 0;
  }

  /** @param {Quality} quality */
  watch(quality) {
    this.#quality = quality;
    this.#only = false;
    if (this.way === "webrtc") this.#media.watch(quality);
  }

  /** @param {Quality} quality */
  setQuality(quality) {
    this.#quality = quality;
    if (this.way === "webrtc") this.#media.setQuality(quality);
    else this.#hls.setQuality(quality);
  }

  /** The viewer's own choice. @param {"webrtc" | "hls"} way */
  choose(way) {
    if (way === "hls") return this.#over("chosen");
    if (this.way === "webrtc") return;
    this.why = this.why === "chosen" ? "blocked" : this.why;
    this.#try();
  }

  stop() {
    this.#wait(null);
    this.#hls.stop();
    this.#media.stop();
  }

  /** Goes over to LL-HLS. @param {Why} why */
  #over(why) {
    if (this.#only) return this.#last(why);
    const already = this.way === "hls";
    this.why = why;
    this.way = "hls";
    this.#media.stop();
    if (!already) {
      this.#tell("way", {way: "hls", why});
      this.#hls.start(this.#quality);
      this.#tell("state", {state: this.#hls.state === "idle" ? "connecting" : this.#hls.state});
    }
    this.#wait(why === "chosen" ? null : () => this.#try(), tryEvery * (1 + Math.random() / 2));
  }

  /** There is no LL-HLS: WebRTC is all that there is. */
  #without() {
    const {why} = this;
    this.#only = true;
    this.#hls.stop();
    this.way = "webrtc";
    this.why = "";
    this.#tell("way", {way: "webrtc", why: ""});
    this.#last(why);
  }

  /** Goes on with WebRTC, which tries by itself unless it was turned away. @param {Why} why */
  #last(why) {
    if (why !== "full") {
      if (this.#media.state === "idle") this.#media.watch(this.#quality);
      return;
    }
    this.#tell("state", {state: "failed"});
    this.#wait(() => this.#media.watch(this.#quality), tryEvery * (1 + Math.random() / 2));
  }

  /** Tries WebRTC beside what plays. */
  #try() {
    this.#media.watch(this.#quality);
    this.#wait(() => this.#over("blocked"), patience);
  }

  /** Comes back to WebRTC, which plays. */
  #back() {
    this.#wait(null);
    this.way = "webrtc";
    this.why = "";
    this.#hls.stop();
    this.#tell("way", {way: "webrtc", why: ""});
    for (const [source, stream] of this.#streams) this.#tell("stream", {source, stream});
    this.#tell("state", {state: this.#media.state});
  }

  /** Waits only so long for WebRTC. */
  #mind() {
    if (this.way === "hls" || this.#only) return;
    const trying = this.#open && ["connecting", "reconnecting", "failed"].includes(this.#media.state);
    if (!trying) this.#wait(null);
    else if (this.#alarm === undefined) this.#wait(() => this.#over("blocked"), patience);
  }

  /** The one thing that is waited for, or nothing. @param {(() => void) | null} fn @param {number} [ms] */
  #wait(fn, ms) {
    clearTimeout(this.#alarm);
    this.#alarm = fn ? setTimeout(fn, ms) : undefined;
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, {detail}));
  }
}
