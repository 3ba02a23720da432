// @ts-check
/** @import {Poll} from "../client/protocol.js" */
// A poll while it is being written: as the editor's form holds it, and the
// rules that say whether it can be sent. Nothing here touches a page.

import {limits} from "../client/protocol.js";

/** @import {PollAct, PollKind} from "../client/protocol.js" */
/**
 * A poll being written. What belongs to another kind is kept, so that nothing is lost by
 * looking at what else there is. least and most are texts: a number may have no bounds.
 * @typedef {{kind: PollKind, text: string, choices: string[], images: string[], several: boolean, max: number, hidden: boolean, asked: boolean, secret: boolean,
 *   stars: number, least: string, most: string, low: string, high: string, words: number,
 *   then: (PollAct | null)[], weights: Record<string, number>}} PollForm
 */
/** Where something is missing: a field's name, and why as the end of a text's key. @typedef {{at: string, why: string}} Problem */

/** Text as the server will see it: without blanks at its ends. @param {string} text */
const clean = (text) => text.trim().normalize("NFC");

/** The kinds of polls, in the order in which they are offered. @type {readonly PollKind[]} */
export const pollKinds = Object.freeze(["choice", "ranking", "rating", "scale", "number", "text", "cloud"]);

/** Whether there are choices to write. @param {PollKind} kind */
export const hasChoices = (kind) => kind === "choice" || kind === "ranking";

/** Whether the ballot may be secret: one's own words would tell whose they are. @param {PollKind} kind */
export const maySecret = (kind) => kind !== "text" && kind !== "cloud";

/** @returns {PollForm} */
export const newPoll = () => ({kind: "choice", text: "", choices: ["", ""], images: [], several: false, max: 2, hidden: false, asked: false, secret: false,
  stars: 5, least: "", most: "", low: "", high: "", words: 3, then: [], weights: {}});

/** @param {Poll} poll @returns {PollForm} */
export function pollForm(poll) {
  const {text, choices, max, hidden, kind = "choice"} = poll;
  const bounded = poll.min !== undefined || poll.max_value !== undefined;
  const blank = newPoll();
  return {...blank, kind, text, choices: hasChoices(kind) ? [...choices] : blank.choices, images: [...(poll.images ?? [])], several: max > 1, max: Math.max(2, max), hidden,
    asked: poll.shown === "asked", secret: poll.secret ?? false, stars: poll.stars ?? blank.stars, words: poll.words ?? blank.words, low: poll.low ?? "", high: poll.high ?? "",
    least: bounded ? String(poll.min ?? 0) : "", most: bounded ? String(poll.max_value ?? 0) : "",
    then: [...(poll.then ?? [])], weights: {...poll.weights}};
}

/** The command's data; choices left empty are left out. @param {PollForm} form */
export function pollData(form) {
  const {kind, several, max, hidden, weights} = form;
  const kept = form.choices.flatMap((choice, i) => (clean(choice) ? [{text: clean(choice), then: form.then[i] ?? null, image: form.images[i] ?? ""}] : []));
  /** @type {Record<string, any>} */
  const data = {text: clean(form.text)};
  if (kind !== "choice") data.kind = kind;
  if (hasChoices(kind)) data.choices = kept.map(({text}) => text);
  if (hasChoices(kind) && kept.some(({image}) => image)) data.images = kept.map(({image}) => image);
  if (kind === "choice") data.max = several ? Math.min(Math.max(2, max), kept.length) : 1;
  const secret = form.secret && maySecret(kind);
  data.hidden = hidden || secret;
  if (data.hidden && form.asked) data.shown = "asked";
  if (secret) data.secret = true;
  if (kind === "rating") data.stars = form.stars;
  if (kind === "cloud") data.words = form.words;
  if ((kind === "scale" || kind === "number") && (form.least.trim() || form.most.trim())) {
    data.min = Number(form.least);
    data.max_value = Number(form.most);
  }
  if (kind === "scale") {
    if (clean(form.low)) data.low = clean(form.low);
    if (clean(form.high)) data.high = clean(form.high);
  }
  if (hasChoices(kind) && kept.some(({then}) => then)) data.then = kept.map(({then}) => then && {act: then.act, value: clean(then.value)});
  if (!secret && Object.keys(weights).length > 0) data.weights = weights;
  return data;
}

/** @param {PollForm} form @returns {Problem[]} */
export function pollProblems(form) {
  /** @type {Problem[]} */
  const problems = [];
  if (!clean(form.text)) problems.push({at: "text", why: "text"});
  if (hasChoices(form.kind)) {
    problems.push(...choiceProblems(form.choices, ""));
    form.then.forEach((then, i) => {
      if (then && clean(form.choices[i] ?? "") && !clean(then.value)) problems.push({at: `then${i}`, why: "then"});
    });
  }
  if (form.kind === "scale" || form.kind === "number") problems.push(...boundProblems(form));
  return problems;
}

/** Ends that are not numbers, the wrong way round or too far apart. @param {PollForm} form @returns {Problem[]} */
function boundProblems({kind, least, most}) {
  if (!least.trim() && !most.trim()) return [];
  const [low, high] = [least, most].map((text) => (text.trim() ? Number(text) : NaN));
  const fits = (/** @type {number} */ x) => Number.isFinite(x) && (kind === "number" ? Math.abs(x) <= 1e12 : Number.isInteger(x) && Math.abs(x) <= 1000);
  if (!fits(low)) return [{at: "least", why: "number"}];
  if (!fits(high)) return [{at: "most", why: "number"}];
  if (low >= high) return [{at: "most", why: "order"}];
  return kind === "scale" && high - low > limits.steps ? [{at: "most", why: "steps"}] : [];
}

/** @param {string[]} choices @param {string} prefix @returns {Problem[]} */
function choiceProblems(choices, prefix) {
  const texts = choices.map(clean);
  const given = texts.filter(Boolean);
  if (given.length < 2) return [{at: `${prefix}${Math.max(0, texts.indexOf(""))}`, why: "choices"}];
  const twice = texts.findIndex((text, i) => text !== "" && texts.indexOf(text) < i);
  return twice < 0 ? [] : [{at: `${prefix}${twice}`, why: "twice"}];
}

/**
 * Puts pasted lines into choices, from place on: a list copied from a document
 * becomes one choice a line. The marks of a list are taken off, and the longest
 * list that the server takes is kept to.
 * @param {string[]} choices
 * @param {number} place
 * @param {string} pasted
 * @returns {string[]}
 */
export function pasteLines(choices, place, pasted) {
  const lines = pasted.split(/\r?\n/).map((line) => clean(line.replace(/^\s*(?:[-*•·]|\(?[A-Za-z0-9]{1,2}[.)、])\s+/u, "")))
    .filter(Boolean).map((line) => [...line].slice(0, limits.choice).join(""));
  const out = [...choices];
  lines.forEach((line, i) => (out[place + i] = line));
  return out.slice(0, limits.choices).map((text) => text ?? "");
}
