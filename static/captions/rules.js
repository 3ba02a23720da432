// @ts-check
/** @import {Captions, Cue} from "../client/protocol.js" */
// Which captions are to be read at a moment, and how they are shown. Pure.

/** @typedef {{lang: string, size: "small" | "medium" | "large", place: "bottom" | "top"}} Wishes */

/** How captions are shown until somebody chooses. lang "": not at all. @type {Readonly<Wishes>} */
export const usual = Object.freeze({lang: "", size: "medium", place: "bottom"});

export const sizes = /** @type {const} */ (["small", "medium", "large"]);
export const places = /** @type {const} */ (["bottom", "top"]);

/** Wishes as they were kept, whoever wrote them. @param {any} kept @returns {Wishes} */
export function wishes(kept) {
  return {
    lang: typeof kept?.lang === "string" && /^[A-Za-z0-9-]{0,20}$/.test(kept.lang) ? kept.lang : usual.lang,
    size: sizes.includes(kept?.size) ? kept.size : usual.size,
    place: places.includes(kept?.place) ? kept.place : usual.place,
  };
}

/**
 * The language to be read: the one wished for, or one that is most like it.
 * @param {readonly string[]} langs that there are
 * @param {string} wished
 */
export function pick(langs, wished) {
  if (!wished) return "";
  return langs.find((lang) => lang === wished) ?? langs.find((lang) => lang.split("-")[0] === wished.split("-")[0]) ?? "";
}

/** How long a text is read, in milliseconds: a character of Chinese takes as long as two letters. @param {string} text */
export function reading(text) {
  let letters = 0;
  for (const sign of text) letters += (sign.codePointAt(0) ?? 0) >= 0x2e80 ? 2 : 1;
  return Math.min(7000, 1500 + letters * 70);
}

/**
 * The cues to be read now: the last two of a language. A captioner is behind
 * the voice, so what has come is read from when it came, not from when it was said.
 * @param {Captions | undefined} captions
 * @param {string} lang
 * @param {number} now by this machine
 * @param {Map<number, number>} came when each came, kept by the caller
 * @param {number} server the server's time
 * @returns {{cues: Cue[], draft: string, next: number}} next: when something of it goes, 0: never
 */
export function readable(captions, lang, now, came, server) {
  const known = new Set((captions?.cues ?? []).map(({id}) => id));
  for (const id of came.keys()) if (!known.has(id)) came.delete(id);
  /** @type {Cue[]} */
  const cues = [];
  let next = 0;
  for (const cue of captions?.cues ?? []) {
    // What was said before one came in is not new to them.
    if (!came.has(cue.id)) came.set(cue.id, server - cue.begin > 20_000 ? 0 : now);
    if (cue.lang !== lang) continue;
    const until = (came.get(cue.id) ?? 0) + Math.max(reading(cue.text), (cue.end ?? 0) - cue.begin) + 1000;
    if (until <= now) continue;
    cues.push(cue);
    next = next === 0 ? until : Math.min(next, until);
  }
  return {cues: cues.slice(-2), draft: captions?.drafts?.[lang] ?? "", next};
}
