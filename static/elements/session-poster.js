// @ts-check
import {svg, View} from "./dom.js";
import {hash} from "./person.js";

/** Ground, far shape, near shape, light. */
const palettes = [
  ["#0f3b30", "#1d6a53", "#e6ac2f", "#f4e7c5"],
  ["#14284b", "#2f5ea8", "#f08a5d", "#fbe3d4"],
  ["#3a1633", "#83346a", "#f2b950", "#fbe6d0"],
  ["#123a46", "#2b7f86", "#f3c969", "#e7f3ea"],
  ["#4a1d14", "#b0492a", "#f2c14e", "#fbe9d2"],
  ["#22203f", "#5a52a3", "#8ed1b2", "#eeeafa"],
  ["#1d3315", "#57853b", "#f0d264", "#f3f2d8"],
  ["#2b2a2a", "#6b6257", "#e2725b", "#f6ead9"],
];

/** A stream of numbers in [0, 1) that depends on seed alone (mulberry32). @param {number} seed */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

/** @typedef {(next: () => number, colours: string[]) => SVGElement[]} Motif */

/** Columns of different height under a low sun. @type {Motif} */
function columns(next, [, far, near, light]) {
  const out = [svg("circle", {cx: 60 + next() * 200, cy: 40 + next() * 40, r: 26 + next() * 14, fill: near})];
  const count = 6 + Math.floor(next() * 5);
  const step = 320 / count;
  for (let i = 0; i < count; i++) {
    const height = 30 + next() * 100;
    out.push(svg("rect", {x: i * step + step * 0.18, y: 180 - height, width: step * 0.64, height: height + 20,
      rx: step * 0.32, fill: next() > 0.75 ? light : far, opacity: 0.55 + next() * 0.45}));
  }
  return out;
}

/** Rings that spread from beyond an edge. @type {Motif} */
function rings(next, [, far, near, light]) {
  const cx = next() > 0.5 ? 250 + next() * 50 : 20 + next() * 50;
  const cy = 130 + next() * 50;
  const out = [];
  for (let r = 190; r > 20; r -= 26) {
    out.push(svg("circle", {cx, cy, r, fill: "none", stroke: far, "stroke-width": 5 + next() * 9, opacity: 0.35 + (190 - r) / 320}));
  }
  out.push(svg("circle", {cx, cy, r: 22, fill: near}), svg("circle", {cx: cx - 90 + next() * 30, cy: cy - 70, r: 6, fill: light}));
  return out;
}

/** Hills, one behind another. @type {Motif} */
function hills(next, [, far, near, light]) {
  const out = [svg("circle", {cx: 70 + next() * 180, cy: 56, r: 22 + next() * 10, fill: light, opacity: 0.95})];
  for (let layer = 0; layer < 4; layer++) {
    const base = 84 + layer * 27;
    const wide = 0.014 + next() * 0.016, turn = next() * 6, high = 10 + next() * 12;
    let path = "M0 180";
    for (let x = 0; x <= 320; x += 8) {
      const y = base + Math.sin(x * wide + turn) * high + Math.sin(x * wide * 2.3 + turn * 2) * high * 0.35;
      path += `L${x} ${Math.round(y * 10) / 10}`;
    }
    out.push(svg("path", {d: `${path}L320 180Z`, fill: layer === 3 ? near : far, opacity: 0.4 + layer * 0.18}));
  }
  return out;
}

/** A lattice of dots that swell. @type {Motif} */
function lattice(next, [, far, near, light]) {
  const out = [];
  const fx = 1 + next() * 2, fy = 1 + next() * 2, turn = next() * 6;
  for (let x = 0; x < 13; x++) {
    for (let y = 0; y < 8; y++) {
      const swell = (Math.sin(x * 0.5 * fx + turn) + Math.cos(y * 0.6 * fy + turn)) / 2;
      out.push(svg("circle", {cx: 8 + x * 25.5, cy: 4 + y * 25, r: 3 + Math.max(0, swell + 0.4) * 8,
        fill: swell > 0.62 ? near : swell < -0.75 ? light : far, opacity: 0.6 + 0.4 * Math.abs(swell)}));
    }
  }
  return out;
}

/** Sheets of paper, fanned out. @type {Motif} */
function sheets(next, [ground, far, near, light]) {
  const turn = -24 + next() * 16;
  const x = 140 + next() * 60;
  const out = [svg("circle", {cx: x - 64 - next() * 20, cy: 44 + next() * 20, r: 30, fill: "none", stroke: far, "stroke-width": 7, opacity: 0.55}),
    svg("circle", {cx: x + 92, cy: 40 + next() * 60, r: 5, fill: near})];
  [far, near, light].forEach((fill, i) => {
    const sheet = svg("g", {transform: `rotate(${turn + i * 15} ${x} 190)`},
      svg("rect", {x: x - 50, y: 24, width: 112, height: 150, rx: 9, fill, opacity: i === 0 ? 0.9 : 1}));
    if (i === 2) sheet.append(...writing(next, x - 36, 42, ground, near, far));
    out.push(sheet);
  });
  return out;
}

/**
 * A heading, a figure and lines of different length, as notes look from afar.
 * @param {() => number} next @param {number} x @param {number} y
 * @param {string} ink @param {string} bright @param {string} soft
 */
function writing(next, x, y, ink, bright, soft) {
  const line = (/** @type {number} */ row, /** @type {number} */ wide, /** @type {string} */ fill, high = 5) =>
    svg("rect", {x, y: row, width: wide, height: high, rx: high / 2, fill, opacity: fill === ink ? 0.82 : 0.5});
  const out = [line(y, 34 + next() * 30, ink, 8)];
  for (let row = y + 20; row < y + 50; row += 11) out.push(line(row, 46 + next() * 38, soft));
  const bars = 5;
  for (let i = 0; i < bars; i++) {
    const high = 8 + next() * 26;
    out.push(svg("rect", {x: x + i * 17, y: y + 92 - high, width: 11, height: high, rx: 3, fill: i % 2 ? bright : ink, opacity: 0.82}));
  }
  for (let row = y + 101; row < y + 125; row += 11) out.push(line(row, 40 + next() * 44, soft));
  return out;
}

/** Quarter circles in a checkered square. @type {Motif} */
function tiles(next, [, far, near, light]) {
  const out = [];
  const size = 45;
  for (let x = 0; x < 8; x++) {
    for (let y = 0; y < 4; y++) {
      const pick = next();
      if (pick < 0.28) continue;
      const fill = pick > 0.93 ? light : pick > 0.8 ? near : far;
      const turn = Math.floor(next() * 4) * 90;
      out.push(svg("path", {d: `M0 0H${size}A${size} ${size} 0 0 1 0 ${size}Z`, fill, opacity: 0.55 + next() * 0.45,
        transform: `translate(${x * size - 18} ${y * size}) rotate(${turn} ${size / 2} ${size / 2})`}));
    }
  }
  return out;
}

const motifs = [columns, rings, hills, lattice, sheets, tiles];
let serial = 0;

/**
 * <session-poster> draws a picture of its own for a session or video without
 * one: palette from the first tag, so that a topic keeps its colours, and
 * motif and details from the title.
 * @extends {View<{title: string, tags?: string[]}>}
 */
export class SessionPoster extends View {
  #drawn = "";

  /** @param {{title: string, tags?: string[]}} view */
  update({title, tags = []}) {
    const name = `${tags[0] ?? ""}/${title}`;
    if (this.#drawn === name && this.childElementCount) return;
    this.#drawn = name;
    const colours = palettes[hash(tags[0] ?? title) % palettes.length];
    const next = numbers(hash(name));
    const id = `poster-${++serial}`;
    const motif = motifs[Math.floor(next() * motifs.length)];
    this.replaceChildren(svg("svg", {viewBox: "0 0 320 180", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true", focusable: "false"},
      svg("defs", {}, svg("linearGradient", {id, x1: 0, y1: 0, x2: 0.7, y2: 1},
        svg("stop", {offset: 0, "stop-color": colours[0]}), svg("stop", {offset: 1, "stop-color": mix(colours[0], colours[1])}))),
      svg("rect", {width: 320, height: 180, fill: `url(#${id})`}),
      ...motif(next, colours)));
  }
}

/** The colour a third of the way from a to b. @param {string} a @param {string} b */
function mix(a, b) {
  const part = (/** @type {string} */ hex, /** @type {number} */ at) => parseInt(hex.slice(at, at + 2), 16);
  return "#" + [1, 3, 5].map((at) => Math.round(part(a, at) * 0.66 + part(b, at) * 0.34).toString(16).padStart(2, "0")).join("");
}

customElements.define("session-poster", SessionPoster);
