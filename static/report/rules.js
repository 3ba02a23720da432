// @ts-check
/** @import {Mark, Person, Point, Report, Sitting} from "./types.js" */
// What the report's page works out by itself: pure.

/** Round numbers from 0 up to at least max, at most about count of them. @param {number} max @param {number} [count] */
export function ticks(max, count = 4) {
  if (!(max > 0)) return [0, 1];
  const rough = max / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, power * ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10));
  const list = [];
  for (let at = 0; at < max + step; at += step) list.push(at);
  return list;
}

/** Whole minutes between the marks of an axis of time. */
const spans = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080];

/**
 * Moments to write under a time from–to, at round minutes of the clock on the
 * wall, at most so many.
 * @param {number} from @param {number} to @param {number} most @param {number} [offset] minutes that the wall is behind UTC
 */
export function moments(from, to, most, offset = new Date(from).getTimezoneOffset()) {
  const step = (spans.find((minutes) => (to - from) / (minutes * 60_000) <= most) ?? 10_080) * 60_000;
  const shift = offset * 60_000;
  const list = [];
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) list.push(at);
  return list;
}

/**
 * The time that a plot shows: a sitting, or everything where the class never
 * was live.
 * @param {Report} report
 * @param {number} index of the sitting
 * @returns {{from: number, to: number}}
 */
export function span({sittings, points, step, at}, index) {
  const sitting = sittings[index];
  const last = points.at(-1);
  if (sitting) return {from: sitting.from, to: Math.max(sitting.to || at, sitting.from + step)};
  if (!last) return {from: at, to: at + step};
  return {from: points[0].at, to: last.at + step};
}

/** The points that lie in a span, in whole or in part. @param {Point[]} points @param {number} step @param {Sitting} span */
export const within = (points, step, {from, to}) => points.filter((point) => point.at + step > from && point.at < to);

/**
 * Marks that lie in a span, each in the first lane in which it is free, as far
 * as there are lanes.
 * @param {Mark[]} marks
 * @param {Sitting} span
 * @param {number} [least] that one takes of a lane, in time
 * @returns {{lane: number, from: number, to: number, mark: Mark}[]}
 */
export function lanes(marks, {from, to}, least = 0) {
  /** @type {number[]} */
  const ends = [];
  const out = [];
  for (const mark of marks) {
    const end = Math.min(mark.until || to, to);
    if (mark.kind === "air" || mark.at >= to || end < from) continue;
    const begin = Math.max(mark.at, from);
    let lane = ends.findIndex((free) => free <= begin);
    if (lane < 0) lane = ends.push(0) - 1;
    ends[lane] = Math.max(end, begin + least);
    out.push({lane, from: begin, to: Math.max(end, begin), mark});
  }
  return out;
}

/** How a score from -1 to 1 is called. @param {number | null} score */
export const mood = (score) => (score === null ? "mute" : score > 0.12 ? "praise" : score < -0.12 ? "complaint" : "neutral");

/** How hard a question was by the share that had it right. @param {number | null} share */
export const hardness = (share) => (share === null ? "" : share >= 0.8 ? "easy" : share >= 0.4 ? "fair" : "hard");

/**
 * How well a question tells who knows. The bounds are Ebel's (Essentials of
 * Educational Measurement, 1972).
 * @param {number | null} r
 */
export const sharpness = (r) => (r === null ? "" : r < 0 ? "wrong" : r < 0.2 ? "poor" : r < 0.4 ? "fair" : "good");

/** @typedef {keyof Pick<Person, "name" | "role" | "attended" | "messages" | "questions" | "votes" | "right" | "score">} Column */
/** @typedef {{column: Column, down: boolean, find: string, role: "" | "viewer" | "staff"}} Choice */

/** Columns whose largest value comes first when they are chosen. @type {Column[]} */
export const columns = ["name", "role", "attended", "messages", "questions", "votes", "right", "score"];

/**
 * The people to show, in their order. Equal ones stand by name.
 * @param {Person[]} people
 * @param {Choice} choice
 * @param {Intl.Collator} collator
 */
export function arrange(people, {column, down, find, role}, collator) {
  const sought = find.trim().toLocaleLowerCase();
  const shown = people.filter((person) => (!role || (person.role === "viewer") === (role === "viewer")) &&
    (!sought || person.name.toLocaleLowerCase().includes(sought)));
  const by = (/** @type {Person} */ a, /** @type {Person} */ b) => {
    const x = a[column];
    const y = b[column];
    return typeof x === "number" && typeof y === "number" ? x - y : collator.compare(String(x), String(y));
  };
  return shown.sort((a, b) => (down ? by(b, a) : by(a, b)) || collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
}
