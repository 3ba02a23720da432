// @ts-check
/** @import {Comparand, Experiment} from "./types.js" */
// A comparison over time: the estimate, and round it the confidence sequence,
// drawn as SVG, with its numbers as a table for everybody who does not see it.

import {svg} from "../elements/dom.js";
import {dateWithin, number, t} from "../i18n.js";
import {decimal, figure, table} from "../report/plots.js";
import {height, marks, range} from "./rules.js";

/** @param {number} n */
const r = (n) => Math.round(n * 10) / 10;

/** A value of a comparison in words. @param {number | null} x @param {"ratio" | "difference"} kind @param {boolean} [high] */
export function said(x, kind, high = false) {
  if (x === null) return high ? "∞" : kind === "ratio" ? "0" : "−∞";
  if (kind === "ratio") return `×${decimal(x, 3)}`;
  return `${x > 0 ? "+" : ""}${decimal(x, 2)}`;
}

/** A p-value in words. @param {number} p */
export const chance = (p) => (p < 0.001 ? "< 0.001" : decimal(p, 3));

/**
 * @param {Experiment} experiment
 * @param {string} arm
 * @param {Comparand} comparand
 * @param {number} width
 */
export function sequence(experiment, arm, comparand, width) {
  const {metric, kind, now} = comparand;
  const line = [...(comparand.line ?? []), now].filter((point, i, all) => point.n > 0 && point.at > (all[i - 1]?.at ?? 0));
  const name = t(`experiments.metric.${metric}`);
  if (line.length < 2) return null;
  const left = 44;
  const right = 8;
  const tall = 132;
  const top = 8;
  const reach = range(line, kind);
  const from = line[0].at;
  const to = line[line.length - 1].at;
  const x = (/** @type {number} */ at) => r(left + ((at - from) / Math.max(1, to - from)) * (width - left - right));
  const y = (/** @type {number} */ value) => r(top + (1 - height(value, reach, kind)) * tall);
  const outer = kind === "ratio" ? [0, Infinity] : [-Infinity, Infinity];
  /** @type {Node[]} */
  const nodes = [];
  const label = (/** @type {number} */ at, /** @type {number} */ down, /** @type {string} */ words, /** @type {string} */ anchor) => {
    const node = svg("text", {x: at, y: down, "text-anchor": anchor, class: "plot__text"});
    node.textContent = words;
    return node;
  };
  const upper = line.map((point) => `${x(point.at)},${y(point.high ?? outer[1])}`);
  const lower = line.map((point) => `${x(point.at)},${y(point.low ?? outer[0])}`);
  nodes.push(svg("path", {class: "plot__band", d: `M${[...upper, ...lower.reverse()].join("L")}Z`}));
  const none = kind === "ratio" ? 1 : 0;
  for (const value of marks(reach, kind)) {
    nodes.push(svg("line", {x1: left, x2: width - right, y1: y(value), y2: y(value), class: value === none ? "plot__none" : "plot__grid"}),
      label(left - 6, y(value) + 4, kind === "ratio" ? `×${decimal(value, 2)}` : decimal(value, 2), "end"));
  }
  nodes.push(svg("path", {class: "plot__estimate", d: `M${line.map((point) => `${x(point.at)},${y(point.estimate)}`).join("L")}`}),
    label(left, top + tall + 16, dateWithin(from), "start"), label(width - right, top + tall + 16, dateWithin(to), "end"));
  const drawing = svg("svg", {viewBox: `0 0 ${width} ${top + tall + 22}`, width, height: top + tall + 22, class: "plot__drawing"}, ...nodes);
  const words = t(`experiments.plot.${kind}`, {metric: name, arm, estimate: said(now.estimate, kind), low: said(now.low, kind), high: said(now.high, kind, true), p: chance(now.p)});
  return figure(drawing, words, {key: `${experiment.name}-${arm}-${metric}`, table: table(
    [t("experiments.column.time"), t("experiments.column.n"), t("experiments.column.estimate"), t("experiments.column.interval"), t("experiments.column.p")],
    line.map((point) => [dateWithin(point.at), number(point.n), said(point.estimate, kind), `${said(point.low, kind)} … ${said(point.high, kind, true)}`, chance(point.p)]), {caption: `${experiment.name}: ${arm}, ${name}`})});
}
