// @ts-check
// One socket that is always on its way to being open: it dials, notices
// silence, and dials again until a close code says that there is no sense in
// coming back: when the server has advised to, and otherwise after a jittered
// wait. It knows nothing of what frames mean.

import {Backoff} from "./backoff.js";
import {again, subprotocol} from "./protocol.js";

/** @typedef {"connecting" | "open" | "reconnecting" | "closed"} ConnectionState */
/** @typedef {{state: ConnectionState, code: number}} ConnectionView */

/**
 * What the owner of a connection is told and asked.
 * @typedef {object} Owner
 * @property {() => void} dialled the socket is up: say hello
 * @property {(frame: string) => void} frame a frame came
 * @property {() => void} ping nothing was sent for a while: send something that is answered
 * @property {(view: ConnectionView) => void} state the state has changed
 * @property {() => void} lost the socket is gone, and with it what was under way
 */

/** Times in milliseconds. */
export const times = Object.freeze({
  ping: 20_000, // of sending nothing, until a ping
  answer: 10_000, // of hearing nothing after a ping, until the socket is given up
  welcome: 15_000, // from dialling to being welcome
  settled: 10_000, // open for so long: the next loss begins with a short wait again
  advised: 600_000, // the longest wait that a server may ask for
});

export class Connection {
  /** @type {ConnectionState} */ state = "closed";
  /** The close code of the last socket; 0 before any and while open. */
  code = 0;

  #url;
  #WebSocket;
  #owner;
  #backoff;
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #redial;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #pulse;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #deadline;
  #openedAt = 0;
  /** When the server wants to be dialled again; 0: it has not said. */
  #advised = 0;
  /** @type {(() => void) | undefined} */ #unhint;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {Owner} options.owner
   * @param {typeof WebSocket} [options.WebSocket]
   * @param {() => number} [options.random]
   */
  constructor({url, owner, WebSocket = globalThis.WebSocket, random}) {
    this.#url = url;
    this.#owner = owner;
    this.#WebSocket = WebSocket;
    this.#backoff = new Backoff({random});
  }

  /** Dials, unless it is already on its way. */
  open() {
    if (this.state !== "closed") return;
    this.#unhint = hints(() => this.#hurry());
    this.code = 0;
    this.#become("connecting");
    this.#dial();
  }

  /** Ends it for good, or until open is called again. @param {number} [code] */
  close(code = 1000) {
    if (this.state === "closed") return;
    this.#drop(code);
    this.#end(code);
  }

  /** Gives this socket up and dials again after a wait. @param {number} code why, for the state */
  restart(code) {
    if (!this.#socket) return;
    this.#drop(1000);
    this.#again(code);
  }

  /**
   * The server's word when to come back, should this socket end: it spreads
   * those whom it sends away, so neither earlier nor later.
   * @param {unknown} ms from now
   */
  advise(ms) {
    if (typeof ms === "number" && ms >= 0) this.#advised = Date.now() + Math.min(ms, times.advised);
  }

  /** The owner's word that the server has accepted this socket. */
  welcome() {
    this.#openedAt = Date.now();
    this.#advised = 0;
    clearTimeout(this.#deadline);
    this.code = 0;
    this.#become("open");
    this.#beat();
  }

  /**
   * Sends a frame if there is a socket to send it on.
   * @param {string} frame
   */
  send(frame) {
    if (!this.#socket || this.#socket.readyState !== 1) return false;
    this.#socket.send(frame);
    if (this.state === "open") this.#beat();
    return true;
  }

  #dial() {
    clearTimeout(this.#redial);
    this.#redial = undefined;
    this.#advised = 0;
    const socket = new this.#WebSocket(this.#url, subprotocol);
    this.#socket = socket;
    this.#expect(times.welcome);
    socket.onopen = () => this.#owner.dialled();
    socket.onmessage = ({data}) => {
      if (this.state === "open") clearTimeout(this.#deadline); // it lives: whatever was said, it was heard
      if (typeof data === "string") this.#owner.frame(data);
    };
    socket.onclose = ({code}) => {
      this.#forget();
      if (again(code)) this.#again(code);
      else this.#end(code);
    };
  }

  /** Arranges the next ping, counted from now: something was just sent. */
  #beat() {
    clearTimeout(this.#pulse);
    this.#pulse = setTimeout(() => this.#probe(), times.ping);
  }

  /** Asks for a sign of life and gives the socket up if none comes. */
  #probe() {
    this.#expect(times.answer);
    this.#owner.ping();
  }

  /** @param {number} ms */
  #expect(ms) {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.restart(1006), ms);
  }

  /** The network or the page has come back: do not wait for the timers, only for the server. */
  #hurry() {
    if (this.#redial !== undefined) {
      if (Date.now() < this.#advised) return;
      this.#backoff.reset();
      this.#dial();
    } else if (this.state === "open") {
      this.#probe();
    }
  }

  /** @param {number} code */
  #again(code) {
    this.#owner.lost();
    if (this.#openedAt && Date.now() - this.#openedAt >= times.settled) this.#backoff.reset();
    this.#openedAt = 0;
    this.code = code;
    this.#become("reconnecting");
    const wait = this.#advised ? Math.max(0, this.#advised - Date.now()) : this.#backoff.next();
    this.#redial = setTimeout(() => this.#dial(), wait);
  }

  /** @param {number} code */
  #end(code) {
    clearTimeout(this.#redial);
    this.#redial = undefined;
    this.#unhint?.();
    this.#openedAt = 0;
    this.#advised = 0;
    this.#backoff.reset();
    this.#owner.lost();
    this.code = code;
    this.#become("closed");
  }

  /** Leaves the socket without waiting for its goodbye, which a dead network never sends. @param {number} code */
  #drop(code) {
    const socket = this.#socket;
    this.#forget();
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code === 1000 || code >= 3000 ? code : 1000);
  }

  #forget() {
    clearTimeout(this.#pulse);
    clearTimeout(this.#deadline);
    this.#socket = null;
  }

  /** @param {ConnectionState} state */
  #become(state) {
    this.state = state;
    this.#owner.state({state, code: this.code});
  }
}

/**
 * Calls fn when the browser says that a connection may work again: the network
 * is back, or somebody looks at the page. Elsewhere than in a browser it does
 * nothing.
 * @param {() => void} fn
 * @returns {() => void} ends it
 */
function hints(fn) {
  if (typeof document === "undefined" || typeof window === "undefined") return () => {};
  const stop = new AbortController();
  const {signal} = stop;
  window.addEventListener("online", fn, {signal});
  window.addEventListener("pageshow", (event) => { if (event.persisted) fn(); }, {signal});
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") fn();
  }, {signal});
  return () => stop.abort();
}
