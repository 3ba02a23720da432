// @ts-check
/** @import {Source} from "../client/protocol.js" */
// The teacher's own camera, microphone and screen, before anybody else sees
// them. It publishes nothing.

/** @typedef {"camera" | "microphone"} Device */
/** @typedef {{id: string, label: string}} Choice */
/** @typedef {Record<Device, Choice[]>} Choices */

const saved = "lyceum.devices";
const kinds = Object.freeze({camera: /** @type {const} */ ("videoinput"), microphone: /** @type {const} */ ("audioinput")});

/** What is asked of each device; a lesser one gives what it has. */
const wishes = Object.freeze({
  camera: {width: {ideal: 1280}, height: {ideal: 720}, frameRate: {ideal: 30, max: 30}},
  microphone: {echoCancellation: true, noiseSuppression: true, autoGainControl: true},
});

/**
 * The tracks that are captured now. It sends "change" {source, lost} when one
 * begins or ends (lost: the device was unplugged or the browser ended the
 * sharing), and "devices" when what can be picked has changed.
 */
export class Capture extends EventTarget {
  /** @type {Record<Source, MediaStreamTrack | null>} */
  tracks = {camera: null, microphone: null, screen: null, "screen-audio": null};

  /** The devices that were picked, by their ids. @type {Partial<Record<Device, string>>} */
  picked = remembered();

  constructor() {
    super();
    navigator.mediaDevices?.addEventListener("devicechange", () => this.dispatchEvent(new Event("devices")));
  }

  /** Whether this page may capture at all: browsers allow it on https and localhost only. */
  get possible() {
    return Boolean(navigator.mediaDevices?.getUserMedia);
  }

  /** Whether screens can be shared; phones cannot. */
  get sharing() {
    return Boolean(navigator.mediaDevices?.getDisplayMedia);
  }

  /** Whether the browser would start the device without asking. @param {Device} device */
  async allowed(device) {
    try {
      const {state} = await navigator.permissions.query({name: /** @type {PermissionName} */ (device)});
      return state === "granted";
    } catch {
      return false; // a browser that cannot say would ask
    }
  }

  /** What can be picked; labels are there once a device has been allowed. @returns {Promise<Choices>} */
  async choices() {
    const all = await navigator.mediaDevices.enumerateDevices();
    const of = (/** @type {Device} */ device) => all.filter((d) => d.kind === kinds[device] && d.deviceId)
      .map((d) => ({id: d.deviceId, label: d.label}));
    return {camera: of("camera"), microphone: of("microphone")};
  }

  /**
   * Starts a device, or changes to another one.
   * @param {Device} device
   * @param {string} [id] of the device to use; without it the one picked before
   */
  async start(device, id) {
    if (id) this.#pick(device, id);
    const want = this.picked[device];
    const constraint = {...wishes[device], ...(want ? {deviceId: id ? {exact: id} : {ideal: want}} : {})};
    const stream = await navigator.mediaDevices.getUserMedia(device === "camera" ? {video: constraint} : {audio: constraint});
    const [track] = stream.getTracks();
    track.contentHint = device === "camera" ? "motion" : "speech";
    this.#put(device, track);
  }

  /** Lets the person choose a screen, window or tab to share, with its sound where the browser can. */
  async share() {
    const stream = await navigator.mediaDevices.getDisplayMedia({
      video: {frameRate: {ideal: 15, max: 30}},
      audio: true,
    });
    const [picture] = stream.getVideoTracks();
    const [sound] = stream.getAudioTracks();
    picture.contentHint = "detail";
    this.#put("screen-audio", sound ?? null);
    this.#put("screen", picture);
  }

  /** @param {Source} source */
  stop(source) {
    this.#put(source, null);
    if (source === "screen") this.#put("screen-audio", null);
  }

  /** Stops everything; lights go out. */
  close() {
    for (const source of /** @type {Source[]} */ (Object.keys(this.tracks))) this.#put(source, null);
  }

  /** @param {Source} source @param {MediaStreamTrack | null} track @param {boolean} [lost] */
  #put(source, track, lost = false) {
    const old = this.tracks[source];
    if (old === track) return;
    this.tracks[source] = track;
    if (track) {
      track.addEventListener("ended", () => {
        if (this.tracks[source] === track) this.#put(source, null, true);
      });
    }
    this.dispatchEvent(new CustomEvent("change", {detail: {source, lost}}));
    old?.stop(); // after the change was told: whoever publishes has moved on to the new track
  }

  /** @param {Device} device @param {string} id */
  #pick(device, id) {
    this.picked = {...this.picked, [device]: id};
    try {
      localStorage.setItem(saved, JSON.stringify(this.picked));
    } catch {
      // Picked for this page only.
    }
  }
}

/** @returns {Partial<Record<Device, string>>} */
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(saved) ?? "{}");
  } catch {
    return {};
  }
}

/**
 * Tells how loud a track is, 0 to 1, about twenty times a second.
 * @param {MediaStreamTrack} track
 * @param {(level: number) => void} fn
 * @returns {() => void} ends it
 */
export function meter(track, fn) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, {fftSize: 512});
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    if (context.state === "suspended") void context.resume();
    analyser.getFloatTimeDomainData(wave);
    fn(track.enabled ? loudness(wave) : 0);
  }, 50);
  return () => {
    clearInterval(timer);
    void context.close();
    fn(0);
  };
}

/** -60 dB and below is 0, full scale is 1. @param {Float32Array} wave */
function loudness(wave) {
  const power = wave.reduce((sum, x) => sum + x * x, 0) / wave.length;
  return Math.min(1, Math.max(0, 1 + Math.log10(power + 1e-12) * 10 / 60));
}
