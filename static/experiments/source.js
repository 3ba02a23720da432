// @ts-check
/** @import {Experiment} from "./types.js" */
// The door that operators come in by: what it says of experiments, and what is
// decided there. The secret is kept for as long as the tab is open.

import {ApiError} from "../client/api.js";

const saved = "lyceum.operator";

/** The operators' secret, "" where there is none. */
export function secret() {
  try {
    return sessionStorage.getItem(saved) ?? "";
  } catch {
    return held;
  }
}

let held = "";

/** @param {string} given */
export function keep(given) {
  held = given;
  try {
    sessionStorage.setItem(saved, given);
  } catch {
    // It is then asked for again with the next page.
  }
}

/**
 * @param {string} path
 * @param {unknown} [body] what is decided; without it, how everything stands is asked for
 * @returns {Promise<Experiment[]>}
 */
export async function ask(path, body) {
  /** @type {Record<string, string>} */
  const headers = {"Accept-Language": document.documentElement.lang};
  if (secret()) headers.Authorization = `Bearer ${secret()}`;
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {method: body ? "POST" : "GET", headers, body: body ? JSON.stringify(body) : undefined, cache: "no-store"});
  } catch {
    throw new ApiError(0, {code: "client.offline", text: ""});
  }
  const text = await response.text();
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    data = {}; // the door refuses in plain words
  }
  if (!response.ok) throw new ApiError(response.status, data.error ?? {code: "", text: text.trim()});
  return data.experiments;
}
