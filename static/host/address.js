// @ts-check
// Addresses of the pages for hosts and moderators: pure.

/**
 * The room that a page's path names, or "".
 * @param {string} path
 */
export function roomOf(path) {
  const room = path.split("/")[2] ?? "";
  return /^[a-z0-9][a-z0-9-]{0,63}$/.test(room) ? room : "";
}

/**
 * Where a pasted link leads on this server, or "" if it is none of ours.
 * @param {string} text
 * @param {string} origin
 */
export function linkTarget(text, origin) {
  /** @type {URL} */
  let url;
  try {
    url = new URL(text, origin);
  } catch {
    return "";
  }
  const ours = /^\/(host|moderate|class)\/[a-z0-9][a-z0-9-]{0,63}$/.test(url.pathname);
  return ours && url.host === new URL(origin).host && url.hash.length > 1 ? url.pathname + url.hash : "";
}
