// @ts-check
/** @import {Role} from "../client/protocol.js" */
/** @import {Pass} from "../client/api.js" */
// The rooms that this browser leads. A host's or moderator's token is kept as
// a viewer's is (pages/identity.js), but who somebody is elsewhere is not
// changed by leading a class. Without storage all holds for this page only.

import {identity} from "../pages/identity.js";

/** @typedef {{token: string, role: Role, expires: number, name?: string, title?: string}} Kept */

const passKey = (/** @type {string} */ room) => `lyceum.token.${room}`;

/** @param {string} key @returns {any} */
function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} key @param {object} value */
function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // The page goes on with what it has in hand.
  }
}

/** The token kept for room, unless it has run out. @param {string} room @returns {Kept | null} */
export function kept(room) {
  const found = read(passKey(room));
  if (typeof found?.token !== "string") return null;
  return found.expires && found.expires < Date.now() ? null : found;
}

/** Keeps what the server gave for room. @param {string} room @param {Pass} pass @returns {Kept} */
export function keep(room, {token, role, expires, user}) {
  const entry = untried({token, role, expires, user});
  write(passKey(room), entry);
  if (!identity()) write("lyceum.identity", {token, name: user.name, user: {id: user.id, name: user.name}, expires});
  return entry;
}

/**
 * What a token says of itself, not kept yet: only a server that welcomes it
 * makes it worth more than what is kept already.
 * @param {Pass} pass
 * @returns {Kept}
 */
export const untried = ({token, role, expires, user}) => ({token, role, expires, name: user.name});

/** Keeps what has opened a room, with the room's title for the list of rooms. @param {string} room @param {Kept} entry @param {string} title */
export function welcomed(room, entry, title) {
  const old = kept(room);
  if (old?.token !== entry.token || old.title !== title) write(passKey(room), {...entry, title});
}

/** The rooms that this browser leads, by their ids. @returns {(Kept & {room: string})[]} */
export function led() {
  /** @type {string[]} */
  let keys = [];
  try {
    keys = Object.keys(localStorage);
  } catch {
    return [];
  }
  const prefix = passKey("");
  return keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)).sort()
    .flatMap((room) => {
      const entry = kept(room);
      return entry && entry.role !== "viewer" ? [{...entry, room}] : [];
    });
}
