import {test} from "node:test";
import assert from "node:assert/strict";
import {height, marks, range, verdict} from "../../static/experiments/rules.js";

const point = (estimate, low, high, p = 1) => ({at: 1, n: 1, estimate, low, high, p});

test("a range holds all estimates, what stands for no difference, and the later intervals", () => {
  const line = [point(9, null, null), point(0.8, 0.2, 4), point(1.1, 0.9, 1.3), point(1.2, 1.0, 1.5)];
  for (const kind of ["ratio", "difference"]) {
    const [low, high] = range(line.slice(1), kind);
    for (const {estimate} of line.slice(1)) assert.ok(estimate >= low && estimate <= high, `${estimate} in ${low} to ${high}`);
    assert.ok(low <= (kind === "ratio" ? 1 : 0) && high >= 1);
    assert.ok(high < 4, "the first interval is as wide as the world");
  }
  assert.deepEqual(range(line, "ratio"), [1 / 8, 8]);
  assert.deepEqual(range([point(0, null, null)], "difference"), [-1.1, 1.1]);
  const [low, high] = range([point(0, 0, null)], "ratio");
  assert.ok(low > 0 && high < Infinity, "a ratio of 0 has no logarithm");
});

test("a half lies as far from 1 as the double, and nothing lies outside", () => {
  const reach = /** @type {[number, number]} */ ([1 / 4, 4]);
  assert.equal(height(1, reach, "ratio"), 0.5);
  assert.ok(Math.abs(height(2, reach, "ratio") - 0.75) < 1e-9);
  assert.ok(Math.abs(height(0.5, reach, "ratio") - 0.25) < 1e-9);
  for (const [value, at] of [[0, 0], [Infinity, 1], [100, 1]]) assert.equal(height(value, reach, "ratio"), at);
  assert.equal(height(-Infinity, [-2, 2], "difference"), 0);
  assert.equal(height(0, [-2, 2], "difference"), 0.5);
});

test("an axis names a few values within its range, no difference among them", () => {
  for (const far of [1.1, 1.3, 2, 3.5, 8]) {
    const list = marks([1 / far, far], "ratio");
    assert.ok(list.includes(1) && list.every((value) => value >= 1 / far && value <= far), `${list} in ${far}`);
  }
  for (const far of [0.013, 0.4, 1, 7, 123]) {
    const list = marks([-far, far], "difference");
    assert.ok(list.includes(0) && list.length >= 3 && list.length <= 9, `${list} in ${far}`);
    assert.ok(list.every((value) => Math.abs(value) <= far));
  }
});

test("only what is found is called more or less", () => {
  assert.equal(verdict({found: false, now: point(2, 1.5, 3), kind: "ratio"}), "open");
  assert.equal(verdict({found: true, now: point(2, 1.5, 3), kind: "ratio"}), "more");
  assert.equal(verdict({found: true, now: point(0.5, 0.4, 0.8), kind: "ratio"}), "less");
  assert.equal(verdict({found: true, now: point(-0.5, -1, -0.1), kind: "difference"}), "less");
});
