// @ts-check
/** @import {Client} from "../client/client.js" */
/** @import {Member, MemberPage} from "../client/protocol.js" */
// The list of people for the staff: asked for in pages while somebody looks at
// it, and asked for again when something about people has changed.

/** Milliseconds: between two askings, and of not typing before a search. */
const rhythm = {ask: 2500, type: 250};

/** The people of a class. It sends "change" when the list is another. */
export class Roster extends EventTarget {
  /** @type {Member[]} */ people = [];
  next = "";
  count = 0;

  #client;
  #find = "";
  #watched = false;
  #stale = true;
  #pages = 1;
  #asking = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {Client} client */
  constructor(client) {
    super();
    this.#client = client;
    for (const type of ["@welcome", "room.presence", "role.changed", "mod.acted", "hand.raised", "hand.lowered"]) {
      client.on(type, () => this.#spoil(type === "room.presence" ? rhythm.ask : rhythm.type));
    }
  }

  /** Whether somebody is looking at the list. @param {boolean} on */
  watch(on) {
    this.#watched = on;
    if (on && this.#stale) void this.#ask();
  }

  /** @param {string} find */
  search(find) {
    this.#find = find;
    this.#pages = 1;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#spoil(rhythm.type);
  }

  /** Reads one more page. */
  async more() {
    this.#pages++;
    await this.#ask();
  }

  /** The list is out of date: ask again soon, if it is being looked at. @param {number} ms */
  #spoil(ms) {
    this.#stale = true;
    if (this.#watched) this.#timer ??= setTimeout(() => void this.#ask(), ms);
  }

  async #ask() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stale = false;
    const asking = ++this.#asking;
    const find = this.#find;
    /** @type {Member[]} */
    const people = [];
    let after = "", count = 0;
    try {
      for (let page = 0; page < this.#pages; page++) {
        /** @type {MemberPage} */
        const got = await this.#client.request("people.list", {after, limit: 50, find});
        people.push(...got.people);
        count = got.count;
        after = got.next;
        if (!after) break;
      }
    } catch {
      this.#stale = true; // the next welcome asks again
      return;
    }
    if (asking !== this.#asking) return; // a newer question is under way
    Object.assign(this, {people: present(people), count, next: after});
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * Those who are here before those who have left, and otherwise as they came.
 * @param {Member[]} people
 */
function present(people) {
  return [...people.filter((person) => person.here), ...people.filter((person) => !person.here)];
}
