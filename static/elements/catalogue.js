// @ts-check
/** @import {Item} from "../client/protocol.js" */
// The catalogue as a page needs it to name an item: asked for once, and again
// after it could not be had.

import {sessions, videos} from "../client/api.js";

/** @type {Promise<Item[]> | undefined} */
let asked;

/** All sessions and videos; none if they cannot be had. @returns {Promise<Item[]>} */
export function catalogue() {
  asked ??= Promise.all([sessions(), videos()]).then(([s, v]) => [...v.videos, ...s.sessions]);
  return asked.catch(() => {
    asked = undefined;
    return [];
  });
}
