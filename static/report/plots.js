// @ts-check
/** @import {Child} from "../elements/dom.js" */
/** @import {Point, Report} from "./types.js" */
// Plots, drawn as SVG. Each stands in a figure with a sentence that says what
// it shows and a table with its numbers, for everybody who does not see it.

import {unique} from "../client/unique.js";
import {h, svg} from "../elements/dom.js";
import {lang, number, t, time} from "../i18n.js";
import {lanes, moments, mood, span, ticks, within} from "./rules.js";

/** A share as percent. @param {number | null | undefined} share */
export const percent = (share) => (share === null || share === undefined ? "–" : new Intl.NumberFormat(lang, {style: "percent", maximumFractionDigits: 0}).format(share));

/** A number with so many places, or a dash. @param {number | null | undefined} x @param {number} [places] */
export const decimal = (x, places = 2) => (x === null || x === undefined ? "–" : new Intl.NumberFormat(lang, {maximumFractionDigits: places, minimumFractionDigits: 0}).format(x).replace("-", "−"));

/** Seconds of milliseconds. @param {number} ms */
export const seconds = (ms) => t("report.seconds", {s: decimal(ms / 1000, 1)});

/**
 * A table.
 * @param {string[]} head
 * @param {Child[][]} rows
 * @param {{caption?: string, numbers?: number}} [options] numbers: from which column on there are numbers
 */
export function table(head, rows, {caption = "", numbers = 1} = {}) {
  return h("div", {class: "report__scroll", tabIndex: 0, role: "region", aria: {label: caption || head[0]}}, h("table", {class: "table report__table"},
    caption ? h("caption", {class: "sr-only"}, caption) : null,
    h("thead", null, h("tr", null, ...head.map((name, i) => h("th", {scope: "col", class: i >= numbers ? "report__number" : ""}, name)))),
    h("tbody", null, ...rows.map((row) => h("tr", null, ...row.map((cell, i) =>
      (i === 0 ? h("th", {scope: "row"}, cell) : h("td", {class: i >= numbers ? "report__number numeric" : ""}, cell))))))));
}

/**
 * A plot with its sentence and its table.
 * @param {SVGElement} drawing
 * @param {string} words
 * @param {{key: string, table: HTMLElement, legend?: HTMLElement}} rest key: by which it is known that the table is open
 */
export function figure(drawing, words, {key, table: numbers, legend}) {
  const id = `plot-${unique()}`;
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-labelledby", id);
  return h("figure", {class: "plot"}, legend ?? null, drawing, h("figcaption", {class: "hint", id}, words),
    h("details", {class: "plot__numbers", data: {key}}, h("summary", null, t("report.numbers")), numbers));
}

/** @param {number} x @param {number} y @param {string} words @param {string} [anchor] */
const label = (x, y, words, anchor = "middle") => {
  const node = svg("text", {x, y, "text-anchor": anchor, class: "plot__text"});
  node.textContent = words;
  return node;
};

/** @param {string} words */
const hint = (words) => {
  const node = svg("title");
  node.textContent = words;
  return node;
};

/** @param {number} n */
const r = (n) => Math.round(n * 10) / 10;

/**
 * The class over time: what went on, who was there, what was written, and how
 * it felt.
 * @param {Report} report
 * @param {{sitting: number, width: number}} view
 */
export function timeline(report, {sitting, width}) {
  const {from, to} = span(report, sitting);
  const points = within(report.points, report.step, {from, to});
  const left = 36;
  const right = 10;
  const x = (/** @type {number} */ at) => r(left + ((Math.min(Math.max(at, from), to) - from) / (to - from)) * (width - left - right));
  const strip = 22;
  const going = lanes(report.marks, {from, to}, ((to - from) / Math.max(1, width - left)) * 10);
  const rows = Math.min(6, going.reduce((most, {lane}) => Math.max(most, lane + 1), 0));
  /** @type {Node[]} */
  const nodes = [];
  let y = 4;

  for (const {lane, from: begin, to: end, mark} of going) {
    if (lane >= rows) continue;
    const wide = Math.max(6, x(end) - x(begin));
    const group = svg("g", {class: `plot__mark plot__mark--${mark.kind}`},
      hint(`${t(`report.mark.${mark.kind}`)}: ${mark.title ?? ""} (${time(mark.at)}${mark.until ? `–${time(mark.until)}` : ""})`),
      svg("rect", {x: x(begin), y: y + lane * strip, width: r(wide), height: strip - 4, rx: 4}));
    const fits = Math.floor((wide - 10) / 7);
    if (fits > 3) {
      const name = [...(mark.title ?? t(`report.mark.${mark.kind}`))];
      group.append(label(x(begin) + 5, y + lane * strip + 13, name.length > fits ? `${name.slice(0, fits - 1).join("")}…` : name.join(""), "start"));
    }
    nodes.push(group);
  }
  y += rows * strip + (rows ? 8 : 0);

  /** @param {number} height @param {number[]} marks @param {string} title @param {string} kind */
  const panel = (height, marks, title, kind) => {
    nodes.push(label(left, y + 10, title, "start"));
    y += 18;
    const top = marks.at(-1) ?? 1;
    const at = (/** @type {number} */ value) => r(y + height - (value / top) * height);
    for (const value of marks) {
      nodes.push(svg("line", {x1: left, x2: width - right, y1: at(value), y2: at(value), class: value === 0 ? "plot__axis" : "plot__grid"}),
        label(left - 6, at(value) + 4, number(value), "end"));
    }
    const bars = svg("g", {class: `plot__${kind}`});
    nodes.push(bars);
    return {at, bars};
  };

  const present = Math.max(1, ...points.map((point) => point.present));
  let plot = panel(96, ticks(present, 3), t("report.timeline.present"), "present");
  let path = "";
  let last = NaN;
  let ground = plot.at(0);
  for (const point of points) {
    if (point.at !== last) path += `${path ? `V${ground}` : ""}M${x(point.at)} ${ground}`;
    path += `V${plot.at(point.present)}H${x(point.at + report.step)}`;
    last = point.at + report.step;
  }
  if (path) plot.bars.append(svg("path", {d: `${path}V${ground}`}));
  y += 96 + 10;

  const said = Math.max(1, ...points.map((point) => (point.messages ?? 0) + (point.asked ?? 0)));
  plot = panel(56, ticks(said, 2), t("report.timeline.messages"), "messages");
  ground = plot.at(0);
  for (const point of points) {
    const total = (point.messages ?? 0) + (point.asked ?? 0);
    if (total === 0) continue;
    const wide = Math.max(1.5, x(point.at + report.step) - x(point.at) - 1);
    plot.bars.append(svg("rect", {x: x(point.at), y: plot.at(total), width: r(wide), height: r(ground - plot.at(total))},
      hint(`${time(point.at)}: ${number(total)}`)));
  }
  y += 56 + 10;

  nodes.push(label(left, y + 10, t("report.timeline.feeling"), "start"));
  y += 18;
  const half = 28;
  for (const [value, name] of /** @type {[number, string][]} */ ([[1, "+"], [0, "0"], [-1, "−"]])) {
    nodes.push(svg("line", {x1: left, x2: width - right, y1: y + half - value * half, y2: y + half - value * half, class: value === 0 ? "plot__axis" : "plot__grid"}),
      label(left - 6, y + half - value * half + 4, name, "end"));
  }
  for (const point of points) {
    if (point.feeling === null) continue;
    const tall = Math.max(2, Math.abs(point.feeling) * half);
    const wide = Math.max(1.5, x(point.at + report.step) - x(point.at) - 1);
    nodes.push(svg("rect", {x: x(point.at), y: r(point.feeling >= 0 ? y + half - tall : y + half), width: r(wide), height: r(tall), class: `plot__mood--${mood(point.feeling)}`},
      hint(`${time(point.at)}: ${decimal(point.feeling)}`)));
  }
  y += half * 2 + 6;

  for (const at of moments(from, to, Math.max(2, Math.floor((width - left) / 70)))) {
    nodes.push(svg("line", {x1: x(at), x2: x(at), y1: y, y2: y + 5, class: "plot__axis"}), label(x(at), y + 18, time(at)));
  }
  y += 26;
  const drawing = svg("svg", {viewBox: `0 0 ${width} ${y}`, width, height: y, class: "plot__drawing"}, ...nodes);
  const busiest = points.reduce((/** @type {Point | null} */ best, point) => ((point.messages ?? 0) > (best?.messages ?? 0) ? point : best), null);
  const words = [t("report.timeline.words", {from: time(from), to: time(to), peak: present}),
    busiest ? t("report.timeline.busiest", {at: time(busiest.at), n: busiest.messages ?? 0}) : ""].filter(Boolean).join(" ");
  const began = (/** @type {Point} */ {at}) => report.marks.filter((mark) => mark.at >= at && mark.at < at + report.step && mark.title)
    .map((mark) => `${t(`report.mark.${mark.kind}`)}: ${mark.title}`).join("; ");
  return figure(drawing, words, {key: "timeline", legend: legend(going.map(({mark}) => mark.kind)), table: table(
    [t("report.column.time"), t("report.column.present"), t("report.column.messages"), t("report.column.asked"), t("report.column.answers"),
      t("report.column.feeling"), t("report.column.activity")],
    points.map((point) => [time(point.at), number(point.present), number(point.messages ?? 0), number(point.asked ?? 0), number(point.answers ?? 0),
      decimal(point.feeling), began(point)]), {caption: t("report.timeline")})});
}

/** @param {string[]} kinds */
function legend(kinds) {
  return h("ul", {class: "plot__legend"}, ...[...new Set(kinds)].map((kind) =>
    h("li", null, h("span", {class: `plot__key plot__mark--${kind}`, aria: {hidden: "true"}}), t(`report.mark.${kind}`))));
}

/**
 * How the pulse of the class went: who was lost, and for whom it was too fast
 * or too slow.
 * @param {Report} report
 * @param {{sitting: number, width: number}} view
 */
export function pulse(report, {sitting, width}) {
  const {from, to} = span(report, sitting);
  const notes = (report.pulse ?? []).filter(({at}) => at >= from && at <= to);
  if (notes.length === 0) return null;
  const kinds = /** @type {const} */ (["good", "fast", "slow", "lost"]);
  const left = 64;
  const x = (/** @type {number} */ at) => r(left + ((at - from) / (to - from)) * (width - left - 10));
  const row = 26;
  const most = Math.max(1, ...notes.flatMap((note) => kinds.map((kind) => note[kind] ?? 0)));
  /** @type {Node[]} */
  const nodes = [];
  kinds.forEach((kind, i) => {
    const ground = (i + 1) * row;
    nodes.push(label(0, ground - 6, t(`report.pulse.${kind}`), "start"), svg("line", {x1: left, x2: width - 10, y1: ground, y2: ground, class: "plot__grid"}));
    notes.forEach((note, at) => {
      const n = note[kind] ?? 0;
      const end = notes[at + 1]?.at ?? to;
      if (n === 0) return;
      const tall = Math.max(2, (n / most) * (row - 6));
      nodes.push(svg("rect", {x: x(note.at), y: r(ground - tall), width: r(Math.max(1.5, x(end) - x(note.at))), height: r(tall), class: `plot__pulse--${kind}`},
        hint(`${time(note.at)}: ${t(`report.pulse.${kind}`)} ${number(n)}`)));
    });
  });
  const height = kinds.length * row + 4;
  return figure(svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, class: "plot__drawing"}, ...nodes), t("report.pulse.words"), {
    key: "pulse", table: table([t("report.column.time"), ...kinds.map((kind) => t(`report.pulse.${kind}`)), t("report.column.present")],
      notes.map((note) => [time(note.at), ...kinds.map((kind) => number(note[kind] ?? 0)), number(note.here)]), {caption: t("report.pulse")}),
  });
}

/**
 * Bars with their names and numbers: readable as they are, by everybody.
 * @param {{name: Child, n: number, of: number, note?: Child, look?: string}[]} rows
 */
export function bars(rows) {
  return h("ul", {class: "bars"}, ...rows.map(({name, n, of, note, look = ""}) => h("li", {class: "bars__row"},
    h("span", {class: "bars__name"}, name),
    h("span", {class: "bars__track", aria: {hidden: "true"}}, h("span", {class: `bars__fill ${look}`, style: {"--share": String(of > 0 ? n / of : 0)}})),
    h("span", {class: "bars__n numeric"}, number(n), of > 0 ? h("span", {class: "muted"}, ` · ${percent(n / of)}`) : null), note ? h("span", {class: "bars__note"}, note) : null)));
}
