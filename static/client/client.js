// @ts-check
/** @import {ServerMessage, Welcome} from "./protocol.js" */
/** @import {ConnectionView} from "./connection.js" */
/** @import {ClassState} from "./state.js" */

import {Connection} from "./connection.js";
import {closed, maxFrame} from "./protocol.js";
import {acknowledged, blank, difference, reduce} from "./state.js";
import {Step} from "./step.js";
import {unique} from "./unique.js";

/**
 * Why a request did not do what it asked for. The server's codes are those of
 * docs/protocol.md; the client's own are client.offline, client.timeout,
 * client.closed, client.size and client.full.
 */
export class ClientError extends Error {
  /** @param {{code: string, text: string, field?: string, retry_ms?: number}} refusal */
  constructor({code, text, field, retry_ms}) {
    super(`${code}: ${text}`);
    this.name = "ClientError";
    this.code = code;
    this.text = text;
    this.field = field;
    this.retryMs = retry_ms;
  }
}

const offline = {code: "client.offline", text: "there is no connection at the moment"};
const timeout = {code: "client.timeout", text: "the server did not answer in time"};
const gone = {code: "client.closed", text: "the connection has ended"};
const size = {code: "client.size", text: "this is too long to send"};
const full = {code: "client.full", text: "too much is waiting to be sent"};

/**
 * One wish under way. A command has a key and survives the loss of its socket;
 * a query has none and does not.
 * @typedef {object} Wish
 * @property {string} type
 * @property {object} data
 * @property {string} [key]
 * @property {(data: any) => void} resolve
 * @property {(err: ClientError) => void} reject
 * @property {ReturnType<typeof setTimeout>} alarm
 * @property {number} sentAt
 */

/**
 * A person's place in one class: it connects, stays connected, folds what it
 * hears into {@link Client.state}, and carries wishes to the server.
 *
 * Events, by addEventListener or on(): every message of the server under its
 * own type with its data as detail, and
 *
 *   "@welcome"  after each (re)connection, with the welcome; a "welcome" that
 *               comes in between is a fresh snapshot after a change of role
 *   "@state"    {state, code}, whenever the connection's state changes
 *   "@change"   {parts}, after each frame that changed the state
 *
 * It never loses a command that it was given within the command's time, and
 * never carries one out twice: a command is sent again under the same key
 * after a reconnection. It keeps nothing on disk.
 */
export class Client extends EventTarget {
  /** What is known of the class. @type {ClassState} */
  state = blank;

  /** The language of the server's texts; holds from the next connection. @type {string} */
  lang;

  /** The room token; holds from the next connection. @type {string} */
  token;

  /** The state as of the last "@change". */
  #told = blank;

  /** By how many milliseconds the picture is late that is watched: see step.js. The page says. @type {() => number} */
  behind = () => 0;

  #step = new Step();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #stepAlarm;

  #connection;
  #commandTime;
  #queryTime;
  #id = 0;
  #hello = 0;
  #helloAt = 0;
  /** Wishes on the wire, by the id they went out under. @type {Map<number, Wish>} */
  #sent = new Map();
  /** Commands without an answer, oldest first. @type {Set<Wish>} */
  #waiting = new Set();

  #epoch = "";
  #seq = 0;
  #floor = 0; // a resumed welcome's position: the first view after it may follow this
  #drain = false; // a gap was seen: what else comes on this socket is void

  /** @type {{rtt: number, offset: number}[]} */
  #samples = [];
  #offset = 0;

  /**
   * @param {object} options
   * @param {string} options.room
   * @param {string} options.token
   * @param {boolean} [options.admin] use the moderators' socket
   * @param {"socket" | "admin" | "captions"} [options.door] which socket to use; "captions": the captioners'
   * @param {string} [options.lang] "en" or "zh-CN"
   * @param {string} [options.origin] the server, as "https://example.org"; in a browser the page's own
   * @param {typeof WebSocket} [options.WebSocket] where there is no global one
   * @param {() => number} [options.random]
   * @param {number} [options.commandTime] milliseconds until a command is given up
   * @param {number} [options.queryTime] milliseconds until a query is given up
   */
  constructor({room, token, admin = false, door = admin ? "admin" : "socket", lang = "en", origin, WebSocket, random, commandTime = 60_000, queryTime = 10_000}) {
    super();
    this.token = token;
    this.lang = lang;
    this.#commandTime = commandTime;
    this.#queryTime = queryTime;
    const url = new URL(`/v1/rooms/${room}/${door}`, origin ?? globalThis.location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.#connection = new Connection({
      url: url.href, WebSocket, random,
      owner: {
        dialled: () => this.#sayHello(),
        frame: (frame) => this.#frame(frame),
        ping: () => this.#ping(),
        lost: () => this.#lost(),
        state: (view) => this.#state(view),
      },
    });
  }

  /** Connects, and stays connected until close() or a final close code. */
  connect() {
    this.#connection.open();
  }

  /** Leaves the class. Commands without an answer are rejected. */
  close() {
    clearTimeout(this.#stepAlarm);
    this.#connection.close();
  }

  /** The server's clock in Unix milliseconds, as well as it is known. */
  now() {
    return Date.now() + this.#offset;
  }

  /**
   * Listens for messages of a type, or for "@welcome", "@state" or "@change".
   * @param {string} type
   * @param {(data: any) => void} fn
   * @returns {() => void} ends it
   */
  on(type, fn) {
    const listener = (/** @type {Event} */ event) => fn(/** @type {CustomEvent} */ (event).detail);
    this.addEventListener(type, listener);
    return () => this.removeEventListener(type, listener);
  }

  /**
   * Asks for something that changes the class. Offline it waits for the
   * connection; the promise is rejected with a {@link ClientError} if the
   * server refuses or the command's time is over.
   * @param {string} type
   * @param {object} [data]
   * @returns {Promise<any>}
   */
  command(type, data = {}) {
    return this.#wish(type, data, unique(), this.#commandTime);
  }

  /**
   * Asks for something that is not kept in the log: a query, a signal, media.
   * Without a connection it is rejected at once.
   * @param {string} type
   * @param {object} [data]
   * @returns {Promise<any>}
   */
  request(type, data = {}) {
    return this.#wish(type, data, undefined, this.#queryTime);
  }

  /** @param {string} type @param {object} data @param {string | undefined} key @param {number} time */
  #wish(type, data, key, time) {
    return new Promise((resolve, reject) => {
      const {state} = this.#connection;
      if (state === "closed") return reject(new ClientError(gone));
      if (!key && state !== "open") return reject(new ClientError(offline));
      if (new TextEncoder().encode(JSON.stringify(data)).length > maxFrame - 256) return reject(new ClientError(size));
      if (this.#waiting.size >= 200) return reject(new ClientError(full));
      /** @type {Wish} */
      const wish = {type, data, key, resolve, reject, sentAt: 0,
        alarm: setTimeout(() => this.#refuse(wish, timeout), time)};
      if (key) this.#waiting.add(wish);
      if (state === "open") this.#send(wish);
    });
  }

  /** @param {Wish} wish */
  #send(wish) {
    const id = ++this.#id;
    const {type, key, data} = wish;
    wish.sentAt = Date.now();
    this.#sent.set(id, wish);
    if (!this.#connection.send(JSON.stringify({id, type, key, data})) && !key) this.#refuse(wish, offline);
  }

  /** Takes a wish off every list. @param {Wish} wish */
  #settle(wish) {
    clearTimeout(wish.alarm);
    this.#waiting.delete(wish);
    for (const [id, other] of this.#sent) if (other === wish) this.#sent.delete(id);
  }

  /** @param {Wish} wish @param {{code: string, text: string}} refusal */
  #refuse(wish, refusal) {
    this.#settle(wish);
    wish.reject(new ClientError(refusal));
  }

  #sayHello() {
    this.#drain = false;
    this.#hello = ++this.#id;
    this.#helloAt = Date.now();
    const after = this.#epoch ? {epoch: this.#epoch, seq: this.#seq} : undefined;
    this.#connection.send(JSON.stringify({id: this.#hello, type: "hello", data: {token: this.token, after, lang: this.lang}}));
  }

  #ping() {
    this.request("ping").then(() => {}, () => {}); // the reply sets the clock; silence ends the socket
  }

  /** Queries die with their socket; commands wait for the next one. */
  #lost() {
    const queries = [...this.#sent.values()].filter((wish) => !wish.key);
    this.#sent.clear();
    for (const wish of queries) this.#refuse(wish, offline);
  }

  /** @param {ConnectionView} view */
  #state(view) {
    this.state = {...this.state, connection: view};
    if (view.state === "closed") for (const wish of [...this.#waiting]) this.#refuse(wish, gone);
    this.#tell("@state", view);
    this.#changed();
  }

  /** @param {string} frame one message or an array of messages */
  #frame(frame) {
    /** @type {ServerMessage | ServerMessage[]} */
    const parsed = JSON.parse(frame);
    for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
      if (this.#drain) return;
      this.#message(message);
    }
    this.#changed();
  }

  /** @param {ServerMessage} message */
  #message(message) {
    if (message.re !== undefined) return this.#reply(message);
    if (message.type === "welcome") this.#stand(message.data); // unasked: the role has changed, and with it what is seen
    if (message.type === "server.closing") this.#connection.advise(message.data.retry_ms);
    if (message.seq !== undefined && !this.#advance(message.seq, message.prev ?? 0)) return;
    const {you, room} = this.state;
    const behind = you?.role === "viewer" ? this.behind() : 0; // the staff runs it, and is shown everything at once
    this.#fold(this.#step.take(message, {now: this.now(), behind, quiz: room?.quiz}));
  }

  /** Folds messages whose time has come, and sees to those that wait. @param {ServerMessage[]} messages */
  #fold(messages) {
    for (const message of messages) {
      this.state = reduce(this.state, message);
      this.#tell(message.type, message.data);
    }
    clearTimeout(this.#stepAlarm);
    if (this.#step.next === Infinity) return;
    this.#stepAlarm = setTimeout(() => {
      this.#fold(this.#step.ready(this.now()));
      this.#changed();
    }, Math.max(1, this.#step.next - this.now()));
  }

  /**
   * Whether a numbered view is the next one. One that was seen before is
   * passed over; if one is missing, a new connection asks for what came after
   * the last that was seen.
   * @param {number} seq
   * @param {number} prev
   */
  #advance(seq, prev) {
    if (seq <= this.#seq) return false;
    if (prev > this.#seq && prev !== this.#floor) {
      this.#drain = true;
      this.#connection.restart(closed.slow);
      return false;
    }
    this.#seq = seq;
    this.#floor = 0;
    return true;
  }

  /** @param {ServerMessage} message */
  #reply({re, type, data}) {
    if (re === this.#hello) {
      if (type === "welcome") this.#welcome(data);
      else this.#connection.advise(data.retry_ms); // a close code follows, which says what to do; this, when
      return;
    }
    const wish = this.#sent.get(Number(re));
    if (!wish) return;
    if (type !== "ok") {
      if (data.code === "wire.busy" && wish.key) {
        this.#sent.delete(Number(re));
        return this.#later(wish, data.retry_ms ?? 500);
      }
      this.#settle(wish);
      return wish.reject(new ClientError(data));
    }
    this.#settle(wish);
    if (wish.type === "ping") this.#clock(wish.sentAt, data.now);
    this.state = acknowledged(this.state, wish.type, wish.data);
    wish.resolve(data);
  }

  /** The room has too much to do: the same command again in a while. @param {Wish} wish @param {number} ms */
  #later(wish, ms) {
    setTimeout(() => {
      if (this.#waiting.has(wish) && this.#connection.state === "open") this.#send(wish);
    }, ms * (1 + Math.random()));
  }

  /** Where in the log a welcome leaves this client. @param {Welcome} welcome */
  #stand(welcome) {
    const {resumed, epoch, seq} = welcome;
    this.#step.enter(welcome);
    if (resumed) {
      this.#floor = seq;
    } else {
      this.#epoch = epoch;
      this.#seq = seq;
      this.#floor = 0;
    }
  }

  /** @param {Welcome} data */
  #welcome(data) {
    this.#stand(data);
    this.#clock(this.#helloAt, data.now);
    this.state = reduce(this.state, {type: "welcome", data});
    this.#connection.welcome(); // becomes open, which tells what has changed: the page is drawn before "@welcome"
    for (const wish of this.#waiting) this.#send(wish);
    this.#tell("@welcome", data);
  }

  /**
   * Learns the server's clock from one exchange. The quickest of the last few
   * is believed: what a reply waited for on its way is the error.
   * @param {number} sentAt
   * @param {number} serverNow
   */
  #clock(sentAt, serverNow) {
    const now = Date.now();
    const rtt = now - sentAt;
    this.#samples = [...this.#samples.slice(-7), {rtt, offset: serverNow + rtt / 2 - now}];
    this.#offset = this.#samples.reduce((best, sample) => (sample.rtt < best.rtt ? sample : best)).offset;
  }

  #changed() {
    const parts = difference(this.#told, this.state);
    this.#told = this.state;
    if (parts.size > 0) this.#tell("@change", {parts});
  }

  /** @param {string} type @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, {detail}));
  }
}
