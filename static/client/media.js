// @ts-check
/** @import {Source} from "./protocol.js" */
// Camera, microphone and screen to the server, and from the server to the
// page: the "media.*" messages of docs/protocol.md over WebRTC.

import {Backoff} from "./backoff.js";

/** @typedef {"auto" | "high" | "medium" | "low" | "audio"} Quality */
/** @typedef {"idle" | "connecting" | "connected" | "reconnecting" | "failed"} HostState */
/** @typedef {"idle" | "connecting" | "playing" | "reconnecting" | "failed"} ViewerState */
/**
 * What carries the messages: a Client of client.js. After each "@welcome" the
 * server knows none of this page's connections any more.
 * @typedef {object} Channel
 * @property {(type: string, data?: object) => Promise<any>} request
 * @property {(type: string, fn: (data: any) => void) => () => void} on
 */
/**
 * What a viewer's browser makes of one source. The picture's fields are 0 for sound.
 * @typedef {{source: Source, bytesReceived: number, packetsLost: number, jitter: number, framesDecoded: number,
 *   framesPerSecond: number, frameWidth: number, frameHeight: number, freezeCount: number, bufferMs: number}} SourceStats
 */

const patience = 2_000; // ms that a connection may be interrupted before something is done
const restartTime = 6_000; // ms that an ICE restart may take
const connectTime = 12_000; // ms that a new connection may take

/** The layers that are sent: three of a camera, two of a screen, whose text must stay readable. */
const encodings = Object.freeze({
  camera: [
    {rid: "l", scaleResolutionDownBy: 4, maxBitrate: 150_000},
    {rid: "m", scaleResolutionDownBy: 2, maxBitrate: 500_000},
    {rid: "h", scaleResolutionDownBy: 1, maxBitrate: 1_700_000},
  ],
  screen: [
    {rid: "l", scaleResolutionDownBy: 2, maxBitrate: 400_000},
    {rid: "h", scaleResolutionDownBy: 1, maxBitrate: 2_500_000},
  ],
});

/** Failures in a row after which a connection counts as failed, though it is tried on. */
const manyTries = 6;

/** Errors of a socket that is gone: "@welcome" begins anew. */
const offline = new Set(["client.offline", "client.closed"]);

/** Refusals after which trying again is of no use. */
const final = new Set(["media.forbidden", "media.unsupported", "wire.field", "auth.forbidden"]);

/**
 * The sending side: what a host's page captures, published.
 *
 *	idle ──set──▶ connecting ──▶ connected ◀──▶ reconnecting
 *	any ──refused, or taken over by another page──▶ failed
 *
 * It sends "state" {state, reason}. A track can be replaced while it is sent
 * without anybody noticing. When the network changes it restarts ICE on the
 * same connection; when that does not help, or the socket was lost, it builds a
 * fresh one, and viewers go on where they were.
 */
export class HostMedia extends EventTarget {
  /** @type {HostState} */ state = "idle";

  #channel;
  /** What shall be sent. @type {Map<Source, MediaStreamTrack>} */ #tracks = new Map();
  /** @type {RTCPeerConnection | null} */ #pc = null;
  /** The lines of #pc. @type {Map<Source, RTCRtpTransceiver>} */ #lines = new Map();
  /** Steps follow one another. @type {Promise<unknown>} */ #steps = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #alarm;
  #backoff = new Backoff({first: 500, most: 10_000});
  #tries = 0;
  /** @type {(() => void)[]} */ #off;

  #codec;
  #asked = ""; // the codec that the server would rather have

  /**
   * @param {Channel} channel
   * @param {{codec?: () => string}} [options] codec: which one a picture is rather sent with, when it begins to be sent
   */
  constructor(channel, {codec = () => "video/vp8"} = {}) {
    super();
    this.#channel = channel;
    this.#codec = codec;
    this.#off = [
      channel.on("@welcome", () => {
        if (this.#tracks.size > 0) this.#renew(0);
      }),
      channel.on("media.layers", ({wanted}) => void this.#step(() => this.#spare(wanted))),
      channel.on("media.prefer", ({video}) => this.#prefer(video)),
      channel.on("media.ended", ({pc, reason}) => pc === "send" && this.#ended(reason)),
    ];
  }

  /**
   * Sends a track as a source, in the place of the one before; null: sends the
   * source no more. Without a connection to the server it is sent as soon as
   * there is one. The promise is rejected if the server refuses.
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   * @returns {Promise<void>}
   */
  set(source, track) {
    const had = this.#tracks.has(source);
    if (track) this.#tracks.set(source, track);
    else this.#tracks.delete(source);
    return this.#step(async () => {
      const line = this.#lines.get(source);
      if (line) await line.sender.replaceTrack(this.#tracks.get(source) ?? null);
      if (had === Boolean(track) && line) return; // only another device
      if (!this.#pc && this.#tracks.size === 0) return;
      await this.#publish({});
    });
  }

  /** Sends nothing any more. */
  stop() {
    this.#tracks.clear();
    return this.#step(async () => {
      await this.#channel.request("media.unpublish").catch(() => {}); // first: a connection that just closes is waited for
      this.#close();
      this.#become("idle");
    });
  }

  /** Stops for good: the object is of no use afterwards. */
  close() {
    for (const off of this.#off) off();
    this.#tracks.clear();
    this.#close();
    this.#become("idle");
  }

  /** What is sent, by source and layer, as the browser measures it. */
  async stats() {
    /** @type {{source: Source, rid: string, frameWidth: number, frameHeight: number, framesEncoded: number, bytesSent: number}[]} */
    const list = [];
    for (const [source, line] of this.#lines) {
      for (const s of (await line.sender.getStats()).values()) {
        if (s.type !== "outbound-rtp") continue;
        list.push({source, rid: s.rid ?? "", frameWidth: s.frameWidth ?? 0, frameHeight: s.frameHeight ?? 0,
          framesEncoded: s.framesEncoded ?? 0, bytesSent: s.bytesSent ?? 0});
      }
    }
    return list;
  }

  /** Takes a step after all steps before it. @template T @param {() => Promise<T>} fn @returns {Promise<T>} */
  #step(fn) {
    const step = this.#steps.then(fn);
    this.#steps = step.catch(() => {}); // a step that failed told its own caller
    return step;
  }

  /** Offers what is to be sent. @param {{restart?: boolean}} how */
  async #publish({restart = false}) {
    const ways = this.#pc ? [] : await servers(this.#channel);
    if (!this.#pc && this.#tracks.size === 0) return; // stopped meanwhile
    const pc = this.#pc ?? this.#open(ways);
    for (const [source, track] of this.#tracks) if (!this.#lines.has(source)) this.#add(pc, source, track);
    try {
      await pc.setLocalDescription(await pc.createOffer({iceRestart: restart}));
      /** @type {Record<string, Source>} */
      const sources = {};
      for (const [source, line] of this.#lines) if (this.#tracks.has(source) && line.mid) sources[line.mid] = source;
      const {sdp} = await this.#channel.request("media.publish", {sdp: pc.localDescription?.sdp, sources});
      if (pc !== this.#pc) return;
      await pc.setRemoteDescription({type: "answer", sdp});
      if (pc.connectionState === "connected") this.#watch(pc); // as it was: no event will say so
    } catch (err) {
      if (pc !== this.#pc) return; // replaced meanwhile
      this.#close();
      const {code, retryMs} = /** @type {{code?: string, retryMs?: number}} */ (err);
      if (code && final.has(code)) {
        this.#tracks.clear();
        this.#tries = 0;
        this.#become("failed", code);
        throw err;
      }
      this.#become(this.#tries > manyTries ? "failed" : "reconnecting");
      if (code && offline.has(code)) return;
      this.#renew(Math.max(retryMs ?? 0, this.#backoff.next()));
    }
  }

  /** @param {RTCPeerConnection} pc @param {Source} source @param {MediaStreamTrack} track */
  #add(pc, source, track) {
    if (track.kind === "audio") {
      this.#lines.set(source, pc.addTransceiver(track, {direction: "sendonly"}));
      return;
    }
    const sendEncodings = (source === "screen" ? encodings.screen : encodings.camera).map((e) => ({...e}));
    const line = pc.addTransceiver(track, {direction: "sendonly", sendEncodings});
    const {codecs} = RTCRtpSender.getCapabilities("video") ?? {codecs: []};
    const order = [this.#asked || this.#codec(), "video/vp8"]; // VP8 has simulcast everywhere
    const rank = (/** @type {{mimeType: string}} */ c) => (order.indexOf(c.mimeType.toLowerCase()) + 3) % 3; // others last
    try {
      line.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
    } catch {
      // An older browser: the server prefers VP8 as well.
    }
    this.#lines.set(source, line);
  }

  /** Encodes no layer that nobody watches. @param {Partial<Record<Source, string[]>>} wanted by source */
  async #spare(wanted) {
    for (const [source, {sender}] of this.#lines) {
      const rids = wanted[source];
      const parameters = sender.getParameters();
      if (!rids || parameters.encodings.length < 2) continue;
      for (const e of parameters.encodings) e.active = rids.includes(e.rid ?? "");
      await sender.setParameters(parameters).catch(() => {}); // they are all sent then
    }
  }

  /** @param {RTCIceServer[]} iceServers */
  #open(iceServers) {
    const pc = new RTCPeerConnection({bundlePolicy: "max-bundle", iceServers});
    this.#pc = pc;
    const again = this.state === "connected" || this.state === "reconnecting";
    if (this.#tries <= manyTries) this.#become(again ? "reconnecting" : "connecting");
    this.#tries++;
    pc.onicecandidate = ({candidate}) => trickle(this.#channel, "send", candidate);
    pc.onconnectionstatechange = () => {
      if (pc === this.#pc) this.#watch(pc);
    };
    this.#wait(connectTime, () => {
      if (this.#tries > manyTries) this.#become("failed"); // and goes on trying
      this.#renew(0);
    });
    return pc;
  }

  /** @param {RTCPeerConnection} pc */
  #watch(pc) {
    switch (pc.connectionState) {
      case "connected":
        clearTimeout(this.#alarm);
        this.#backoff.reset();
        this.#tries = 0;
        this.#become("connected");
        break;
      case "disconnected":
        this.#become("reconnecting");
        this.#wait(patience, () => this.#restart(pc));
        break;
      case "failed":
        this.#become("reconnecting");
        this.#restart(pc);
        break;
    }
  }

  /** The same connection over another path. @param {RTCPeerConnection} pc */
  #restart(pc) {
    this.#wait(restartTime, () => this.#renew(0));
    void this.#step(async () => {
      if (pc === this.#pc && pc.signalingState === "stable") await this.#publish({restart: true});
    }).catch(() => {}); // told as a state
  }

  /** A fresh connection, after ms. @param {number} ms */
  #renew(ms) {
    this.#wait(ms, () => {
      void this.#step(async () => {
        this.#close();
        if (this.#tracks.size > 0) await this.#publish({});
      }).catch(() => {}); // told as a state
    });
  }

  /** Sends pictures in another codec from now on, if this browser can. @param {string} video */
  #prefer(video) {
    const asked = video.toLowerCase();
    const {codecs} = RTCRtpSender.getCapabilities("video") ?? {codecs: []};
    if (this.#asked === asked || !codecs.some((c) => c.mimeType.toLowerCase() === asked)) return;
    this.#asked = asked;
    if ([...this.#tracks.values()].some((track) => track.kind === "video")) this.#renew(0);
  }

  /** The server ended the connection. @param {string} reason */
  #ended(reason) {
    if (!this.#pc) return;
    this.#close();
    if (reason === "lost") {
      this.#become("reconnecting");
      this.#renew(this.#backoff.next());
      return;
    }
    this.#tracks.clear();
    this.#tries = 0;
    this.#become("failed", reason);
  }

  #close() {
    clearTimeout(this.#alarm);
    this.#pc?.close();
    this.#pc = null;
    this.#lines.clear();
  }

  /** @param {number} ms @param {() => void} fn */
  #wait(ms, fn) {
    clearTimeout(this.#alarm);
    this.#alarm = setTimeout(fn, ms);
  }

  /** @param {HostState} state @param {string} [reason] */
  #become(state, reason = "") {
    if (state === this.state && !reason) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", {detail: {state, reason}}));
  }
}

/**
 * The receiving side: what is on air, as one MediaStream for each source.
 *
 *	idle ──offer──▶ connecting ──▶ playing ◀──▶ reconnecting ──given up──▶ failed
 *
 * It sends "full" when the server has no place for another viewer, and stops;
 * "stream" {source, stream} when a source comes (or comes anew, over
 * another connection) and with null when it has gone off air; "layer" {source,
 * layer, width, height}; and "state" {state}. While it reconnects, the streams
 * given out before stay, so that the last picture can stay too.
 */
export class ViewerMedia extends EventTarget {
  /** @type {ViewerState} */ state = "idle";
  /** @type {Quality} */ quality = "auto";

  #channel;
  #wanted = false;
  #offers = 0; // that have come
  /** @type {RTCPeerConnection | null} */ #pc = null;
  #session = ""; // the server's connection that #pc is joined to
  /** What #pc's lines carry, by mid. @type {Record<string, Source>} */ #sources = {};
  /** What was given out. @type {Map<Source, MediaStream>} */ #streams = new Map();
  /** @type {Promise<unknown>} */ #steps = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #alarm;
  #backoff = new Backoff({first: 500, most: 15_000});
  #tries = 0;
  /** @type {(() => void)[]} */ #off;

  /** @param {Channel} channel */
  constructor(channel) {
    super();
    this.#channel = channel;
    this.#off = [
      channel.on("@welcome", () => {
        this.#session = ""; // whatever comes now is of a new connection
        if (this.#wanted) void this.#ask("media.watch", {quality: this.quality});
      }),
      channel.on("@state", ({state}) => {
        if (state !== "open" && this.state === "playing") this.#become("reconnecting");
      }),
      channel.on("media.offer", (offer) => {
        this.#offers++;
        this.#steps = this.#steps.then(() => this.#answer(offer));
      }),
      channel.on("media.layer", (layer) => this.#tell("layer", layer)),
      channel.on("media.ended", ({pc, reason}) => pc === "recv" && (reason === "full" ? this.#turnedAway() : this.#broken())),
    ];
  }

  /**
   * Begins to receive, or tries again at once after a failure.
   * @param {Quality} [quality]
   */
  watch(quality = this.quality) {
    this.quality = quality;
    this.#tries = 0;
    this.#backoff.reset();
    if (this.#wanted && this.state !== "playing" && this.state !== "idle") return this.#restart();
    this.#wanted = true;
    void this.#ask("media.watch", {quality});
  }

  /** Changes the choice of picture. @param {Quality} quality */
  setQuality(quality) {
    this.quality = quality;
    if (this.#wanted) void this.#ask("media.watch", {quality});
  }

  /** Receives no more. */
  stop() {
    if (this.#wanted) void this.#ask("media.stop", {});
    this.#wanted = false;
    this.#close();
    for (const source of [...this.#streams.keys()]) this.#give(source, null);
    this.#become("idle");
  }

  /** Stops for good: the object is of no use afterwards. */
  close() {
    this.stop();
    for (const off of this.#off) off();
  }

  /**
   * How each source comes in, as the browser measures it.
   * @returns {Promise<SourceStats[]>}
   */
  async stats() {
    /** @type {SourceStats[]} */
    const list = [];
    for (const {receiver, mid} of this.#pc?.getTransceivers() ?? []) {
      const source = this.#sources[mid ?? ""];
      if (!source) continue;
      for (const s of (await receiver.getStats()).values()) {
        if (s.type !== "inbound-rtp") continue;
        list.push({source, bytesReceived: s.bytesReceived ?? 0, packetsLost: s.packetsLost ?? 0, jitter: s.jitter ?? 0,
          framesDecoded: s.framesDecoded ?? 0, framesPerSecond: s.framesPerSecond ?? 0, frameWidth: s.frameWidth ?? 0,
          frameHeight: s.frameHeight ?? 0, freezeCount: s.freezeCount ?? 0,
          bufferMs: s.jitterBufferEmittedCount ? 1000 * s.jitterBufferDelay / s.jitterBufferEmittedCount : 0});
      }
    }
    return list;
  }

  /** @param {{sdp: string, sources: Record<string, Source>, generation: number, servers?: RTCIceServer[]}} offer */
  async #answer({sdp, sources, generation, servers: iceServers}) {
    if (!this.#wanted) return;
    const session = /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? "";
    const pc = this.#pc && session === this.#session ? this.#pc : this.#open(session, iceServers);
    this.#sources = sources;
    try {
      await pc.setRemoteDescription({type: "offer", sdp});
      await pc.setLocalDescription();
      await this.#channel.request("media.answer", {sdp: pc.localDescription?.sdp, generation});
    } catch (err) {
      if (pc === this.#pc && !offline.has(/** @type {{code?: string}} */ (err).code ?? "")) this.#broken();
      return;
    }
    if (pc === this.#pc) this.#match(pc);
  }

  /** Gives out what the lines carry now, and takes back what has gone. @param {RTCPeerConnection} pc */
  #match(pc) {
    const on = new Set(Object.values(this.#sources));
    for (const source of [...this.#streams.keys()]) if (!on.has(source)) this.#give(source, null);
    for (const {mid, receiver} of pc.getTransceivers()) {
      const source = this.#sources[mid ?? ""];
      const {track} = receiver;
      if (!source || this.#streams.get(source)?.getTracks()[0] === track) continue;
      // The last picture stays until the new connection has one.
      if (!track.muted || !this.#streams.has(source)) this.#give(source, new MediaStream([track]));
      else track.onunmute = () => pc === this.#pc && this.#match(pc);
    }
    if (on.size === 0) this.#become("idle");
    else if (pc.connectionState === "connected") this.#become("playing");
  }

  /** @param {Source} source @param {MediaStream | null} stream */
  #give(source, stream) {
    if (stream) this.#streams.set(source, stream);
    else this.#streams.delete(source);
    this.#tell("stream", {source, stream});
  }

  /** @param {string} session @param {RTCIceServer[]} [iceServers] */
  #open(session, iceServers = []) {
    this.#close();
    const pc = new RTCPeerConnection({bundlePolicy: "max-bundle", iceServers});
    this.#pc = pc;
    this.#session = session;
    this.#become(this.#streams.size > 0 ? "reconnecting" : "connecting");
    pc.onicecandidate = ({candidate}) => trickle(this.#channel, "recv", candidate);
    pc.onconnectionstatechange = () => {
      if (pc === this.#pc) this.#watch(pc);
    };
    this.#wait(connectTime, () => this.#broken());
    return pc;
  }

  /** @param {RTCPeerConnection} pc */
  #watch(pc) {
    switch (pc.connectionState) {
      case "connected":
        clearTimeout(this.#alarm);
        this.#backoff.reset();
        this.#tries = 0;
        this.#match(pc);
        break;
      case "disconnected":
        this.#become("reconnecting");
        this.#wait(patience, () => this.#broken());
        break;
      case "failed":
        this.#broken();
        break;
    }
  }

  /** There is no place: whoever asks later may have one. */
  #turnedAway() {
    if (!this.#wanted) return;
    this.#wanted = false;
    this.#close();
    for (const source of [...this.#streams.keys()]) this.#give(source, null);
    this.#become("idle");
    this.#tell("full", {});
  }

  /** The connection is of no use: another one, after a while. */
  #broken() {
    if (!this.#wanted) return;
    this.#session = "";
    this.#tries++;
    this.#become(this.#tries > manyTries ? "failed" : "reconnecting"); // and goes on trying
    this.#wait(this.#backoff.next(), () => this.#restart());
  }

  #restart() {
    this.#close();
    this.#become("reconnecting");
    this.#wait(connectTime, () => this.#broken());
    void this.#ask("media.restart", {});
  }

  /**
   * Asks the server for something. What it offers comes before its reply: if
   * nothing came, nothing is on air. Offline, "@welcome" asks anew.
   * @param {"media.watch" | "media.restart" | "media.stop"} type
   * @param {object} data
   */
  async #ask(type, data) {
    const before = this.#offers;
    try {
      await this.#channel.request(type, data);
    } catch (err) {
      const {code = ""} = /** @type {{code?: string}} */ (err);
      if (this.#wanted && !offline.has(code) && !final.has(code)) this.#broken();
      return;
    }
    if (this.#wanted && this.#offers === before && (type === "media.restart" || !this.#session)) {
      this.#close();
      for (const source of [...this.#streams.keys()]) this.#give(source, null);
      this.#become("idle");
    }
  }

  #close() {
    clearTimeout(this.#alarm);
    this.#pc?.close();
    this.#pc = null;
    this.#session = "";
    this.#sources = {};
  }

  /** @param {number} ms @param {() => void} fn */
  #wait(ms, fn) {
    clearTimeout(this.#alarm);
    this.#alarm = setTimeout(fn, ms);
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

/**
 * The relays through which the server may be reached where nothing else gets
 * through; most servers need none.
 * @param {Channel} channel
 * @returns {Promise<RTCIceServer[]>}
 */
async function servers(channel) {
  try {
    return (await channel.request("media.servers")).servers ?? [];
  } catch {
    return []; // what comes next will say what is wrong
  }
}

/**
 * Tells the server where this browser can be reached.
 * @param {Channel} channel
 * @param {"send" | "recv"} pc
 * @param {RTCIceCandidate | null} candidate
 */
function trickle(channel, pc, candidate) {
  if (!candidate?.candidate) return;
  const {sdpMid, sdpMLineIndex} = candidate;
  const data = {pc, candidate: {candidate: candidate.candidate, sdpMid, sdpMLineIndex}};
  channel.request("media.candidate", data).catch(() => {}); // the server does without
}
