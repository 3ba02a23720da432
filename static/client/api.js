// @ts-check
/** @import {Item, Phase, RecommendedItem, RecordingPage, Role, SessionItem} from "./protocol.js" */
// The server's HTTP interface as functions. Each resolves with what the
// protocol says or rejects with an ApiError; a token travels in a header only.

import {unique} from "./unique.js";

/** A refusal over HTTP, or http.offline if the server could not be reached. */
export class ApiError extends Error {
  /** @param {number} status 0 if there was no answer @param {{code: string, text: string, field?: string, retry_ms?: number}} refusal */
  constructor(status, {code, text, field, retry_ms}) {
    super(`${code}: ${text}`);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.text = text;
    this.field = field;
    this.retryMs = retry_ms;
  }
}

/** @typedef {{token: string, user: {id: string, name: string}, role: Role, expires: number}} Pass */
/** @typedef {{id: string, title: string, phase: Phase, count: number, guests: boolean}} RoomCard */
/** A file that was uploaded. @typedef {{url: string, kind: "image" | "audio" | "video", type: string, bytes: number, width?: number, height?: number}} UploadedFile */
/** @typedef {{balance: number, history: {at: number, points: number, rule: string, room: string}[], next: string}} PointsPage */

/**
 * Calls the server. A body is sent as JSON, and a file as it is; the answer is
 * JSON, or with raw whatever was answered.
 * @param {"GET" | "POST" | "PUT" | "DELETE"} method
 * @param {string} path
 * @param {{token?: string, body?: object, query?: Record<string, string | number | undefined>, raw?: boolean}} [options]
 * @returns {Promise<any>}
 */
export async function call(method, path, {token, body, query = {}, raw = false} = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (globalThis.document?.documentElement.lang) headers["Accept-Language"] = document.documentElement.lang; // of reasons and refusals
  const file = body instanceof Blob;
  if (body) headers["Content-Type"] = file ? "application/octet-stream" : "application/json";
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(name, String(value));
  }
  /** @type {Response} */
  let response;
  try {
    response = await fetch(search.size > 0 ? `${path}?${search}` : path, {method, headers, body: file ? body : body && JSON.stringify(body)});
  } catch {
    throw new ApiError(0, {code: "http.offline", text: "the server cannot be reached"});
  }
  if (raw && response.ok) return response;
  const data = await response.json().catch(() => null);
  if (response.ok && data !== null) return data;
  throw new ApiError(response.status, data?.error ?? {code: `http.${response.status}`, text: response.statusText});
}

/** @param {string} id */
const address = (id) => `/v1/rooms/${encodeURIComponent(id)}`;

/** What anybody may know of a room. @param {string} id @returns {Promise<RoomCard>} */
export const room = (id) => call("GET", address(id));

/**
 * Joins as a viewer. user is an earlier token of any room: the same person comes back.
 * @param {string} id
 * @param {{name: string, user?: string}} who
 * @returns {Promise<Pass>}
 */
export const join = (id, who) => call("POST", `${address(id)}/join`, {body: who});

/**
 * Uses the one-time host link.
 * @param {string} id
 * @param {{secret: string, name: string, user?: string}} who
 * @returns {Promise<Pass>}
 */
export const claim = (id, who) => call("POST", `${address(id)}/claim`, {body: who});

/**
 * Accepts an invitation, with its role.
 * @param {string} id
 * @param {{invitation: string, name: string, user?: string}} who
 * @returns {Promise<Pass>}
 */
export const redeem = (id, who) => call("POST", `${address(id)}/redeem`, {body: who});

/**
 * Makes an invitation; for the host.
 * @param {string} id
 * @param {string} token
 * @param {{role: Role, hours?: number}} what
 * @returns {Promise<{url: string}>}
 */
export const links = (id, token, what) => call("POST", `${address(id)}/links`, {token, body: what});

/**
 * What a streaming program such as OBS needs to send this class; for the host.
 * @param {string} id
 * @param {string} token
 * @param {{hours?: number}} [what]
 * @returns {Promise<{url: string, token: string, expires: number}>}
 */
export const encoder = (id, token, what = {}) => call("POST", `${address(id)}/encoder`, {token, body: what});

/**
 * What somebody, or a program, needs to write captions; for the host.
 * @param {string} id
 * @param {string} token
 * @param {{name?: string, hours?: number}} [what]
 * @returns {Promise<{url: string, socket: string, token: string, expires: number}>}
 */
export const captioner = (id, token, what = {}) => call("POST", `${address(id)}/captioner`, {token, body: what});

/** The captions of a clip. @param {string} clip @returns {Promise<{captions: {lang: string, url: string}[]}>} */
export const clipCaptions = (clip) => call("GET", `/v1/clips/${encodeURIComponent(clip)}/captions`);

/**
 * Uploads a file for polls and quizzes; for the staff. It uses what tells how
 * far it has come, which fetch does not.
 * @param {string} id
 * @param {string} token
 * @param {Blob} file
 * @param {(part: number) => void} [onprogress] from 0 to 1
 * @returns {Promise<UploadedFile>}
 */
export function upload(id, token, file, onprogress = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${address(id)}/files`);
    request.responseType = "json";
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Accept-Language", document.documentElement.lang);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({loaded, total}) => onprogress(total > 0 ? loaded / total : 0);
    request.onerror = () => reject(new ApiError(0, {code: "http.offline", text: "the server cannot be reached"}));
    request.onload = () => {
      const {status, response} = request;
      if (status === 200 && response) resolve(response);
      else reject(new ApiError(status, response?.error ?? {code: `http.${status}`, text: request.statusText}));
    };
    request.send(file);
  });
}

/**
 * Saves the question board as a file; for the staff. The server makes it: a
 * page holds a part of a large board only.
 * @param {string} id
 * @param {string} token
 */
export async function questions(id, token) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(`${address(id)}/questions.csv`, {headers: {Authorization: `Bearer ${token}`, "Accept-Language": document.documentElement.lang}});
  } catch {
    throw new ApiError(0, {code: "http.offline", text: "the server cannot be reached"});
  }
  if (!response.ok) {
    const data = await response.json().catch(() => null);
    throw new ApiError(response.status, data?.error ?? {code: `http.${response.status}`, text: response.statusText});
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = `questions-${id}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it later
}

/** The recordings of a room; the browser may then play them. @param {string} id @param {string} token @returns {Promise<{recordings: RecordingPage[]}>} */
export const recordings = (id, token) => call("GET", `${address(id)}/recordings`, {token});

/** One recording, with its films and chapters. @param {string} id @param {string} token @param {number} which @returns {Promise<RecordingPage>} */
export const recording = (id, token, which) => call("GET", `${address(id)}/recordings/${which}`, {token});

/** Deletes a recording and its clips; for the host. @param {string} id @param {string} token @param {number} which */
export const removeRecording = (id, token, which) => call("DELETE", `${address(id)}/recordings/${which}`, {token, raw: true});

/**
 * Makes a clip of a piece of a recording, in milliseconds of it; for the staff.
 * @param {string} id @param {string} token @param {number} which @param {{from: number, to: number, title?: string}} piece
 */
export const cutClip = (id, token, which, piece) => call("POST", `${address(id)}/recordings/${which}/clips`, {token, body: piece, raw: true});

/** Keeps a picture as the poster of the recording that goes on; for the host. @param {string} id @param {string} token @param {Blob} picture JPEG */
export const poster = (id, token, picture) => call("POST", `${address(id)}/poster`, {token, body: picture, raw: true});

/** @type {() => Promise<{sessions: SessionItem[]}>} */
export const sessions = () => call("GET", "/v1/sessions");

/** @type {() => Promise<{videos: Item[]}>} */
export const videos = () => call("GET", "/v1/videos");

/**
 * With a token personal, without one popular.
 * @type {(options?: {limit?: number, kind?: "session" | "video", token?: string}) => Promise<{items: RecommendedItem[]}>}
 */
export const recommendations = ({limit, kind, token} = {}) =>
  call("GET", "/v1/recommendations", {token, query: {limit, kind}});

/**
 * The balance and what it is made of, newest first.
 * @param {{token: string, after?: string, limit?: number}} options
 * @returns {Promise<PointsPage>}
 */
export const points = ({token, after, limit}) => call("GET", "/v1/me/points", {token, query: {after, limit}});

/** Whether a person takes part in experiments. @param {{token: string}} who @returns {Promise<{part: boolean}>} */
export const takesPart = ({token}) => call("GET", "/v1/me/experiments", {token});

/** @param {{token: string, part: boolean}} what @returns {Promise<{part: boolean}>} */
export const takePart = ({token, part}) => call("PUT", "/v1/me/experiments", {token, body: {part}});

/**
 * What somebody did with an item of the catalogue.
 * @typedef {{item: string, kind: "browse" | "impression" | "click" | "watch" | "like" | "share" | "buy" | "rate" | "hide",
 *   weight?: number}} Behavior
 */

/**
 * The longest time that a behaviour waits to be posted, the most that go in one post (the server refuses more,
 * all of them), and the most that wait, oldest dropped first.
 */
const rhythm = {ms: 3000, post: 100, most: 200};

/**
 * Gathers behaviours and posts them together every few seconds, and what is
 * left when the page goes away. Each has an id, so one that is posted twice
 * counts once. It never disturbs the page: a post that fails is tried again
 * with the next, and given up with the page.
 */
export class Behaviors {
  #token;
  /** @type {(Behavior & {id: string})[]} */ #lines = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #busy = false;

  /** @param {{token: string}} options */
  constructor({token}) {
    this.#token = token;
    globalThis.addEventListener?.("pagehide", () => void this.flush({leaving: true}));
  }

  /** @param {Behavior} behavior */
  add(behavior) {
    this.#lines = [...this.#lines, {id: unique(), ...behavior}].slice(-rhythm.most);
    this.#arrange();
  }

  /**
   * Posts what waits.
   * @param {{leaving?: boolean}} [options] leaving: the page is going away; the browser sends it all the same
   */
  async flush({leaving = false} = {}) {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0 || (this.#busy && !leaving)) return;
    const lines = this.#lines.slice(0, rhythm.post);
    this.#lines = this.#lines.slice(rhythm.post);
    this.#busy = true;
    const posted = await fetch("/v1/behaviors", {
      method: "POST",
      keepalive: leaving,
      headers: {Authorization: `Bearer ${this.#token}`, "Content-Type": "application/x-ndjson"},
      body: lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
    }).then(({ok, status}) => ok || (status >= 400 && status < 500 && status !== 429), () => false);
    this.#busy = false;
    if (!posted) this.#lines = [...lines, ...this.#lines].slice(-rhythm.most);
    if (this.#lines.length > 0) this.#arrange();
  }

  #arrange() {
    this.#timer ??= setTimeout(() => void this.flush(), rhythm.ms);
  }
}
