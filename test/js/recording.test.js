// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import {chapterAt, fileAt, nextMoment} from "../../static/recording/timeline.js";

/** @param {string} set @param {number} start @param {number} length */
const file = (set, start, length) => ({url: `${set}-${start}`, set, type: "video/mp4", start, length, video: true, width: 1, height: 1, done: true});
const files = /** @type {any[]} */ ([file("host", 500, 1000), file("screen", 900, 300), file("host", 1490, 500), file("host", 5000, 1000)]);

test("a moment is in the file that has it, the later one where two overlap", () => {
  for (const [set, at, want] of /** @type {[string, number, string | undefined][]} */ ([
    ["host", 0, undefined], ["host", 500, "host-500"], ["host", 1489, "host-500"], ["host", 1495, "host-1490"], ["host", 1990, undefined],
    ["host", 5999, "host-5000"], ["host", 6000, undefined], ["screen", 899, undefined], ["screen", 900, "screen-900"], ["screen", 1200, undefined],
  ])) assert.equal(fileAt(files, set, at)?.url, want, `${set} at ${at}`);
});

test("where nothing was recorded it goes on to where something was", () => {
  for (const [at, want] of [[0, 500], [500, 500], [1200, 1200], [1990, 5000], [4999, 5000], [5999, 5999], [6000, 6000], [7000, 6000]]) {
    assert.equal(nextMoment(files, at, 6000), want, `at ${at}`);
  }
});

test("a chapter lasts until the next", () => {
  const chapters = /** @type {any[]} */ ([{at: 10}, {at: 20}, {at: 20}]);
  for (const [at, want] of [[0, -1], [10, 0], [19, 0], [20, 2], [99, 2]]) assert.equal(chapterAt(chapters, at), want);
});
