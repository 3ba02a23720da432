// @ts-check
import assert from "node:assert/strict";
import {test} from "node:test";
import {pick, readable, reading, usual, wishes} from "../../static/captions/rules.js";

test("a caption is read from when it came, as long as it takes, and the last two are shown", () => {
  const came = new Map();
  const cue = (/** @type {number} */ id, /** @type {number} */ begin) => ({id, lang: "en", text: `sentence ${id}`, begin});
  const captions = {langs: ["en", "fr"], cues: [cue(1, 1000), cue(2, 60_000), cue(3, 61_000), {...cue(4, 61_500), lang: "fr"}, cue(5, 62_000)], drafts: {en: "and n"}};
  let shown = readable(captions, "en", 500_000, came, 64_000);
  assert.deepEqual(shown.cues.map(({id}) => id), [3, 5], "what was said long before one came is not shown");
  assert.equal(shown.draft, "and n");
  assert.equal(shown.next, 500_000 + reading("sentence 2") + 1000);
  shown = readable(captions, "en", shown.next, came, 64_000);
  assert.deepEqual(shown.cues, []);
  assert.equal(readable({...captions, cues: [{...cue(6, 1000), end: 30_000}]}, "en", 1000, new Map(), 2000).next, 1000 + 29_000 + 1000);
  readable({langs: ["en"], cues: []}, "en", 0, came, 0);
  assert.equal(came.size, 0, "nothing is kept of cues that are gone");
  assert.deepEqual(readable(undefined, "en", 0, came, 0), {cues: [], draft: "", next: 0});
});

test("the language read is the one wished for, or the most like it", () => {
  assert.equal(pick(["en", "zh-CN"], "zh-CN"), "zh-CN");
  assert.equal(pick(["en-GB", "zh-TW"], "en"), "en-GB");
  assert.equal(pick(["en"], "fr"), "");
  assert.equal(pick(["en"], ""), "");
});

test("wishes are whole, whatever was kept", () => {
  assert.deepEqual(wishes(null), usual);
  assert.deepEqual(wishes({lang: "<b>", size: 3, place: "left"}), usual);
  assert.deepEqual(wishes({lang: "en", size: "large", place: "top"}), {lang: "en", size: "large", place: "top"});
});
