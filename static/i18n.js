// @ts-check
// The pages' language: one flat table of strings for each, loaded before
// anything is drawn. Which language: the saved choice, then what the browser
// asks for, then English.

/** @typedef {"en" | "zh-CN"} Lang */
/** @typedef {Record<string, string | number>} Params */

const saved = "lyceum.lang";
/** @type {Lang[]} */
export const languages = ["en", "zh-CN"];

/** @type {Map<Lang, Record<string, string>>} */
const tables = new Map();
/** @type {Set<(lang: Lang) => void>} */
const listeners = new Set();

/**
 * The language of ours that serves a browser's language tag, or nothing.
 * @param {string} tag
 * @returns {Lang | undefined}
 */
export function match(tag) {
  const name = tag.toLowerCase();
  if (name === "zh" || name.startsWith("zh-")) return "zh-CN";
  if (name === "en" || name.startsWith("en-")) return "en";
  return undefined;
}

/** @returns {Lang} */
function preferred() {
  let choice = null;
  try {
    choice = localStorage.getItem(saved);
  } catch {
    // Storage is off: what the browser asks for holds.
  }
  for (const tag of [choice ?? "", ...navigator.languages]) {
    const found = match(tag);
    if (found) return found;
  }
  return "en";
}

/** @param {Lang} which */
async function load(which) {
  if (tables.has(which)) return;
  const response = await fetch(new URL(`./i18n/${which}.json`, import.meta.url));
  if (!response.ok) throw new Error(`strings for ${which}: status ${response.status}`);
  tables.set(which, await response.json());
}

/** The language in force. @type {Lang} */
export let lang = preferred();

/** @param {Lang} which */
function install(which) {
  lang = which;
  document.documentElement.lang = which;
  plurals = new Intl.PluralRules(which);
}

let plurals = new Intl.PluralRules(lang);
try {
  await load(lang);
} catch (err) {
  if (lang === "en") throw err;
  await load("en"); // better English than nothing
  lang = "en";
}
install(lang);

/**
 * The text for key with {names} filled in. Where params has n, the key's
 * plural form for n ("key.one", "key.other") is preferred.
 * @param {string} key
 * @param {Params} [params]
 * @returns {string}
 */
export function t(key, params) {
  const table = tables.get(lang) ?? {};
  let text = table[key];
  if (params && typeof params.n === "number") {
    text = table[`${key}.${plurals.select(params.n)}`] ?? table[`${key}.other`] ?? text;
  }
  if (text === undefined) return key;
  if (!params) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? number(value) : value;
  });
}

/** Whether there is a text for key. @param {string} key */
export const has = (key) => (tables.get(lang) ?? {})[key] !== undefined;

/**
 * What to tell a person about a refusal: our own words for its code, or else
 * the server's text.
 * @param {{code?: string, text?: string, retryMs?: number, retry_ms?: number}} err
 */
export function errorText(err) {
  const code = err.code ?? "";
  const wait = err.retryMs ?? err.retry_ms;
  const params = wait ? {n: Math.ceil(wait / 1000)} : undefined;
  if (has(`error.${code}`) || has(`error.${code}.other`)) return t(`error.${code}`, params ?? {n: 1});
  return err.text || t("error.internal");
}

/**
 * Changes the language, remembers the choice and tells whoever listens.
 * @param {Lang} which
 */
export async function setLang(which) {
  if (which === lang) return;
  await load(which);
  install(which);
  try {
    localStorage.setItem(saved, which);
  } catch {
    // The choice then holds for this page only.
  }
  for (const fn of listeners) fn(which);
}

/**
 * Calls fn after each change of language.
 * @param {(lang: Lang) => void} fn
 * @returns {() => void} ends it
 */
export function onLang(fn) {
  listeners.add(fn);
  return () => listeners.delete(fn);
}

/** A number as the language writes it. @param {number} n */
export const number = (n) => new Intl.NumberFormat(lang).format(n);

/** Hours and minutes. @param {number} ms */
export const time = (ms) => new Intl.DateTimeFormat(lang, {hour: "numeric", minute: "2-digit"}).format(ms);

/** Day, hour and minute, as short as it can be. @param {number} ms @param {number} [now] */
export const date = (ms, now = Date.now()) => moment(ms, now, t("date.today", {time: time(ms)}), t("date.tomorrow", {time: time(ms)}));

/** The same within a sentence. @param {number} ms @param {number} [now] */
export const dateWithin = (ms, now = Date.now()) => moment(ms, now, t("date.today.within", {time: time(ms)}), t("date.tomorrow.within", {time: time(ms)}));

/** @param {number} ms @param {number} now @param {string} today @param {string} tomorrow */
function moment(ms, now, today, tomorrow) {
  const day = new Date(ms).toDateString();
  if (day === new Date(now).toDateString()) return today;
  if (day === new Date(now + 86_400_000).toDateString()) return tomorrow;
  return new Intl.DateTimeFormat(lang, {
    weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit",
  }).format(ms);
}

/** How long ago ms was, in the largest fitting unit. @param {number} ms @param {number} now */
export function ago(ms, now) {
  const seconds = Math.round((ms - now) / 1000);
  const format = new Intl.RelativeTimeFormat(lang, {numeric: "auto", style: "short"});
  if (seconds > -60) return t("date.now");
  if (seconds > -3600) return format.format(Math.round(seconds / 60), "minute");
  if (seconds > -86_400) return format.format(Math.round(seconds / 3600), "hour");
  return format.format(Math.round(seconds / 86_400), "day");
}

/** 75 → "1:15", 4000 → "1:06:40". @param {number} seconds */
export function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** A length in words: 5400 → "1 h 30 min". @param {number} seconds */
export function duration(seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return t("duration.minutes", {m: minutes});
  const rest = minutes % 60;
  return rest ? t("duration.both", {h: Math.floor(minutes / 60), m: rest}) : t("duration.hours", {h: minutes / 60});
}
