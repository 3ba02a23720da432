// @ts-check
/** @import {Point} from "./types.js" */
// What the plots of experiments are made by: pure, and apart from any drawing.

/**
 * The range of values that a plot shows: all estimates, and of the intervals
 * what they have come to in the later half, for in the beginning they are as
 * wide as the world. It always holds what stands for no difference.
 * @param {Point[]} line
 * @param {"ratio" | "difference"} kind
 * @returns {[number, number]}
 */
export function range(line, kind) {
  const values = line.map(({estimate}) => estimate);
  for (const {low, high} of line.slice(Math.floor(line.length / 2))) {
    if (low !== null) values.push(low);
    if (high !== null) values.push(high);
  }
  if (kind === "ratio") {
    const far = Math.min(8, Math.max(1.1, ...values.map((value) => (value > 0 ? Math.max(value, 1 / value) : 8))));
    return [1 / far, far];
  }
  const far = Math.max(0, ...values.map(Math.abs)) || 1;
  return [-far * 1.1, far * 1.1];
}

/**
 * Where on a scale from 0 to 1 a value lies; ratios lie by their logarithm, so
 * that a half is as far from 1 as the double.
 * @param {number} value
 * @param {[number, number]} range
 * @param {"ratio" | "difference"} kind
 */
export function height(value, [low, high], kind) {
  const scale = (/** @type {number} */ x) => (kind === "ratio" ? Math.log(Math.max(x, 1e-9)) : x);
  return Math.min(1, Math.max(0, (scale(value) - scale(low)) / (scale(high) - scale(low))));
}

/**
 * Values that an axis names.
 * @param {[number, number]} range
 * @param {"ratio" | "difference"} kind
 */
export function marks([low, high], kind) {
  if (kind === "ratio") {
    const steps = high > 3 ? [1 / 4, 1 / 2, 1, 2, 4] : high > 1.6 ? [0.5, 0.75, 1, 1.5, 2] : [0.8, 0.9, 1, 1.1, 1.25];
    return steps.filter((step) => step >= low && step <= high);
  }
  const rough = high / 2;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).filter((n) => n <= rough * 1.5).at(-1) ?? power;
  const list = [];
  for (let n = -Math.floor(high / step); n <= Math.floor(high / step); n++) if (n * step >= low) list.push(n === 0 ? 0 : n * step);
  return list;
}

/**
 * How a comparison stands, in a word: what the interval says where it does.
 * @param {{found: boolean, now: Point, kind: "ratio" | "difference"}} comparand
 * @returns {"more" | "less" | "open"}
 */
export function verdict({found, now, kind}) {
  if (!found) return "open";
  return now.estimate > (kind === "ratio" ? 1 : 0) ? "more" : "less";
}
