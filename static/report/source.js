// @ts-check
/** @import {Detail, Report} from "./types.js" */
import {ApiError} from "../client/api.js";

/** How long the page waits before it looks again, in milliseconds. */
const rhythm = {live: 5000, still: 30_000, folding: 1000, failed: 10_000};

/** @param {string} room @param {string} rest */
const address = (room, rest = "") => `/v1/rooms/${encodeURIComponent(room)}/report${rest}`;

/**
 * Asks the server.
 * @param {string} path
 * @param {string} token
 * @param {Record<string, string>} [headers]
 */
async function ask(path, token, headers = {}) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {headers: {Authorization: `Bearer ${token}`, "Accept-Language": document.documentElement.lang, ...headers}, cache: "no-store"});
  } catch {
    throw new ApiError(0, {code: "http.offline", text: "the server cannot be reached"});
  }
  if (response.ok || response.status === 304) return response;
  const data = await response.json().catch(() => null);
  throw new ApiError(response.status, data?.error ?? {code: `http.${response.status}`, text: response.statusText});
}

/** What one person did. @param {string} room @param {string} token @param {string} user @returns {Promise<Detail>} */
export const person = async (room, token, user) => (await ask(address(room, `/people/${encodeURIComponent(user)}`), token)).json();

/**
 * Saves a file that the server makes.
 * @param {string} room
 * @param {string} token
 * @param {string} table "" for the whole as a workbook
 */
export async function download(room, token, table) {
  const response = await ask(address(room, table ? `.csv?table=${table}` : ".xlsx"), token);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = table ? `${room}-${table}.csv` : `${room}-report.xlsx`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it later
}

/**
 * A room's report as it grows. It asks again every few seconds while the page
 * is looked at, sooner while the class is live, and is told if nothing has
 * changed. Says "report", "progress" (with how much of a long log is read) and
 * "failed" as events.
 */
export class Source extends EventTarget {
  #room;
  #token;
  #etag = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #asking = false;
  #closed = false;
  #wait = rhythm.still;

  /** @param {string} room @param {string} token */
  constructor(room, token) {
    super();
    this.#room = room;
    this.#token = token;
    document.addEventListener("visibilitychange", this.#seen);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#seen);
  }

  #seen = () => {
    if (!document.hidden) void this.ask();
  };

  /** Asks now, and from then on by itself. */
  async ask() {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    try {
      const response = await ask(address(this.#room), this.#token, this.#etag ? {"If-None-Match": this.#etag} : {});
      const data = response.status === 304 ? null : await response.json();
      if (this.#closed) return;
      if (response.status === 202) {
        this.#wait = rhythm.folding;
        this.#say("progress", data.progress);
      } else {
        if (data) {
          this.#etag = response.headers.get("ETag") ?? "";
          this.#wait = /** @type {Report} */ (data).phase === "live" ? rhythm.live : rhythm.still;
        }
        this.#say("report", data);
      }
    } catch (err) {
      if (this.#closed) return;
      this.#wait = rhythm.failed;
      this.#say("failed", err);
    } finally {
      this.#asking = false;
      if (!this.#closed && !document.hidden) this.#timer = setTimeout(() => void this.ask(), this.#wait);
    }
  }

  /** @param {string} type @param {unknown} detail */
  #say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, {detail}));
  }
}
