// @ts-check
/** @import {Client} from "../client/client.js" */
/** @import {Source} from "../client/protocol.js" */
/** @import {Capture} from "./capture.js" */
// Going on air and staying there: what is captured is published to the media
// server, and the class is told what it can expect to see.

/**
 * What publishes tracks: HostMedia of client/media.js.
 * @typedef {EventTarget & {
 *   set(source: Source, track: MediaStreamTrack | null): Promise<void>,
 *   stop(): Promise<void> | void,
 * }} Publisher
 */
/** @typedef {"idle" | "connecting" | "connected" | "reconnecting" | "failed"} MediaState */

/**
 * One teacher's broadcast.
 *
 *	off ──start──▶ on air ──stop──▶ off
 *
 * While it is on air, whatever begins or ends in the capture is published and
 * told to the class, and after a breakdown the class is told again. Steps
 * follow one another; none is skipped. It sends "change".
 */
export class Broadcast extends EventTarget {
  /** Whether this page is to be on air. */
  wanted = false;
  /** A step is under way. */
  busy = false;
  /** @type {MediaState} */ state = "idle";

  #client;
  #capture;
  #publisher;
  /** The steps taken so far. @type {Promise<unknown>} */ #steps = Promise.resolve();

  /**
   * @param {Client} client
   * @param {Capture} capture
   * @param {Publisher} publisher
   */
  constructor(client, capture, publisher) {
    super();
    this.#client = client;
    this.#capture = capture;
    this.#publisher = publisher;
    capture.addEventListener("change", (event) => {
      const {source} = /** @type {CustomEvent<{source: Source}>} */ (event).detail;
      if (this.wanted) void this.#step(() => this.#follow(source)).catch((err) => this.#complain(err));
      this.#changed();
    });
    publisher.addEventListener("state", (event) => {
      const {state, reason} = /** @type {CustomEvent<{state: MediaState, reason: string}>} */ (event).detail;
      this.state = state;
      if (state === "failed" && reason && this.wanted) { // without a reason it is tried on: still to be on air
        this.wanted = false; // refused, or taken over by another page of this person
        this.#complain({code: "media.failed"});
      }
      this.#changed();
      if (this.state === "connected") this.#again();
    });
    client.on("stage.changed", () => this.#again());
    client.on("@welcome", () => (client.state.room?.phase === "ended" ? this.#over() : this.#again()));
    client.on("room.ended", () => this.#over());
    client.on("@state", ({state}) => {
      if (state === "closed") this.#over();
    });
  }

  /** What the class is told: every track but a muted microphone's. @returns {Source[]} */
  get sources() {
    return /** @type {[Source, MediaStreamTrack | null][]} */ (Object.entries(this.#capture.tracks))
      .filter(([, track]) => track?.enabled && track.readyState === "live").map(([source]) => source);
  }

  /** Goes on air, and opens the class if it is not open. */
  start() {
    return this.#step(async () => {
      if (this.#client.state.room?.phase !== "live") await this.#client.command("room.open");
      this.wanted = true;
      try {
        for (const source of /** @type {Source[]} */ (Object.keys(this.#capture.tracks))) {
          if (this.#capture.tracks[source]) await this.#publisher.set(source, this.#capture.tracks[source]);
        }
        await this.#tell();
      } catch (err) {
        this.wanted = false;
        await this.#publisher.stop();
        throw err;
      }
    });
  }

  /** Goes off air; the class goes on without a picture. */
  stop() {
    return this.#step(async () => {
      this.wanted = false;
      try {
        await this.#client.command("stage.go", {sources: []});
      } finally {
        await this.#publisher.stop();
      }
    });
  }

  /** Mutes or unmutes the microphone; its track stays published. @param {boolean} on */
  mute(on) {
    const track = this.#capture.tracks.microphone;
    if (!track || track.enabled === !on) return;
    track.enabled = !on;
    this.#changed();
    if (this.wanted) void this.#step(() => this.#tell()).catch((err) => this.#complain(err));
  }

  /** @param {Source} source */
  async #follow(source) {
    if (!this.wanted) return;
    await this.#publisher.set(source, this.#capture.tracks[source]);
    await this.#tell();
  }

  /** The class is over, for this page or for all, whoever ended it: nothing is sent any more. */
  #over() {
    if (!this.wanted) return;
    this.wanted = false;
    void this.#publisher.stop();
    this.#changed();
  }

  /** The class thinks that nobody is on air, but this page is: say so again. */
  #again() {
    const {room, you} = this.#client.state;
    if (!this.wanted || this.busy || !room || this.state !== "connected") return;
    if (room.stage.live && room.stage.by?.id !== you?.id) return; // another host is on air
    void this.#step(() => this.#tell()).catch((err) => this.#complain(err));
  }

  async #tell() {
    const {room, you} = this.#client.state;
    const now = this.sources;
    const same = room?.stage.live && room.stage.by?.id === you?.id && room.stage.sources.length === now.length &&
      now.every((source) => room.stage.sources.includes(source));
    if (!same) await this.#client.command("stage.go", {sources: now});
  }

  /** Takes a step after all steps before it. @param {() => Promise<void>} fn */
  #step(fn) {
    const step = this.#steps.then(async () => {
      this.busy = true;
      this.#changed();
      try {
        await fn();
      } finally {
        this.busy = false;
        this.#changed();
      }
    });
    this.#steps = step.catch(() => {}); // a step that failed told its own caller
    return step;
  }

  /** Says that something went wrong which nobody waits for. @param {unknown} err */
  #complain(err) {
    this.dispatchEvent(new CustomEvent("failed", {detail: err}));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
