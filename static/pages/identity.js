// @ts-check
/** @import {Pass} from "../client/api.js" */
/** @import {Role} from "../client/protocol.js" */
// Who this browser's person is: the last token and name, so that they come
// back as the same person to any class, and a token for each class.

/** @typedef {{token: string, name: string, user: {id: string, name: string}, expires: number}} Identity */
/** @typedef {{token: string, role: Role, expires: number}} Seat */

const identityKey = "lyceum.identity";
/** @param {string} room */
const seatKey = (room) => `lyceum.token.${room}`;

/** @param {string} key @returns {any} */
function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null; // storage is off, or holds what is not ours
  }
}

/** @param {string} key @param {unknown} value */
function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // The visit works all the same; the next one begins anew.
  }
}

/** The person as last seen, or null. @returns {Identity | null} */
export function identity() {
  const known = read(identityKey);
  return known && typeof known.token === "string" && typeof known.name === "string" ? known : null;
}

/**
 * The token that says who this is, for lists of one's own. It does so for weeks after it opens its class no
 * more; only the server can say whether it still does.
 * @returns {string | undefined}
 */
export function token() {
  return identity()?.token;
}

/** The token for a class, while it holds. @param {string} room @returns {Seat | null} */
export function seat(room) {
  const known = read(seatKey(room));
  return known && typeof known.token === "string" && known.expires > Date.now() + 60_000 ? known : null;
}

/** Remembers a seat taken, and the person in it. @param {string} room @param {Pass} pass */
export function remember(room, {token, user, role, expires}) {
  const known = read(seatKey(room));
  if (known?.token === token) return; // a seat that was taken before
  write(seatKey(room), {token, role, expires});
  write(identityKey, {token, name: user.name, user, expires});
}

/** Forgets a token that no longer holds; another one for the same class stays. @param {string} room @param {string} token */
export function forget(room, token) {
  if (read(seatKey(room))?.token !== token) return;
  try {
    localStorage.removeItem(seatKey(room));
  } catch {
    // Nothing was remembered then.
  }
}

/**
 * The pass that a room token stands for, as far as it tells by itself; only
 * the server can say whether it holds.
 * @param {string} token
 * @returns {Pass | null}
 */
export function fromToken(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (sign) => sign.charCodeAt(0));
    const {sub, name, role, exp} = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof sub !== "string" || typeof role !== "string") return null;
    return {token, user: {id: sub, name: String(name ?? "")}, role: /** @type {Role} */ (role), expires: Number(exp) * 1000};
  } catch {
    return null; // not a token at all
  }
}
