import {test} from "node:test";
import assert from "node:assert/strict";
import * as draft from "../../static/host/draft.js";
import {bars, cloudOf, moved} from "../../static/elements/rules.js";

/** Small whole numbers, the same in every run. */
function numbers() {
  let x = 7;
  return (/** @type {number} */ below) => {
    x = (x * 1103515245 + 12345) % 2147483648;
    return Math.floor((x / 2147483648) * below);
  };
}

test("a poll of every kind comes back from the server as it was written", () => {
  const common = {id: 3, text: "Which?", phase: "draft", at: 0, voters: 0, counts: null};
  /** @type {[object, object][]} */
  const cases = [
    [{kind: "ranking", choices: ["a", "b"], max: 0, hidden: false}, {kind: "ranking", choices: ["a", "b"], hidden: false}],
    [{kind: "rating", choices: [], max: 0, hidden: false, stars: 7}, {kind: "rating", hidden: false, stars: 7}],
    [{kind: "scale", choices: [], max: 0, hidden: true, min: -5, low: "no", high: "yes"},
      {kind: "scale", hidden: true, min: -5, max_value: 0, low: "no", high: "yes"}],
    [{kind: "number", choices: [], max: 0, hidden: false, min: 0.5, max_value: 9}, {kind: "number", hidden: false, min: 0.5, max_value: 9}],
    [{kind: "number", choices: [], max: 0, hidden: false}, {kind: "number", hidden: false}],
    [{kind: "text", choices: [], max: 0, hidden: true, shown: "asked"}, {kind: "text", hidden: true, shown: "asked"}],
    [{kind: "cloud", choices: [], max: 0, hidden: false, words: 2}, {kind: "cloud", hidden: false, words: 2}],
    [{choices: ["a", "b"], max: 1, hidden: true, secret: true}, {choices: ["a", "b"], max: 1, hidden: true, secret: true}],
    [{choices: ["a", "b"], max: 1, hidden: false, weights: {"u-ana": 3}, weighted: true, then: [null, {act: "topic", value: "B"}]},
      {choices: ["a", "b"], max: 1, hidden: false, weights: {"u-ana": 3}, then: [null, {act: "topic", value: "B"}]}],
  ];
  for (const [poll, data] of cases) {
    const form = draft.pollForm(/** @type {any} */ ({...common, ...poll}));
    assert.deepEqual(draft.pollProblems(form), []);
    assert.deepEqual(draft.pollData(form), {text: "Which?", ...data});
  }
});

test("what does not fit together is not sent", () => {
  const form = {...draft.newPoll(), text: "Which?", secret: true, weights: {"u-ana": 2}};
  assert.equal(draft.pollData({...form, kind: "text"}).secret, undefined, "words of one's own are never secret");
  const secret = draft.pollData({...form, kind: "rating"});
  assert.deepEqual([secret.secret, secret.hidden, secret.weights], [true, true, undefined]);
  const acts = draft.pollData({...draft.newPoll(), text: "?", choices: ["", "a", "b"], then: [{act: "pin", value: "x"}, null, {act: "topic", value: " t "}]});
  assert.deepEqual(acts.then, [null, {act: "topic", value: "t"}], "an act stays with its choice");
});

test("bounds that cannot be are named", () => {
  const why = (/** @type {any} */ kind, /** @type {string} */ least, /** @type {string} */ most) =>
    draft.pollProblems({...draft.newPoll(), text: "?", kind, least, most}).map(({at, why}) => `${at} ${why}`).join();
  assert.equal(why("scale", "", ""), "");
  assert.equal(why("scale", "0", "20"), "");
  assert.equal(why("scale", "0", "21"), "most steps");
  assert.equal(why("scale", "0.5", "3"), "least number");
  assert.equal(why("number", "0.5", "3"), "");
  assert.equal(why("number", "3", "0.5"), "most order");
  assert.equal(why("number", "three", "4"), "least number");
  assert.equal(why("number", "3", ""), "most number");
  assert.equal(why("text", "3", "1"), "", "a text has no bounds");
  const unsaid = {...draft.newPoll(), text: "?", choices: ["a", "b"], then: [null, {act: /** @type {const} */ ("topic"), value: " "}]};
  assert.deepEqual(draft.pollProblems(unsaid), [{at: "then1", why: "then"}]);
});

test("a cloud has every word once, the greatest in the middle", () => {
  const pick = numbers();
  for (let run = 0; run < 200; run++) {
    const words = Array.from({length: pick(61)}, (_, i) => ({word: `w${i}`, n: 1 + pick(50)})).sort((a, b) => b.n - a.n);
    const cloud = cloudOf(words);
    assert.deepEqual(new Set(cloud.map(({word}) => word)), new Set(words.map(({word}) => word)));
    assert.equal(cloud.length, words.length);
    for (const {size} of cloud) assert.ok(size >= 0 && size <= 1);
    const at = cloud.findIndex(({rank}) => rank === 0);
    if (words.length > 0) assert.ok(Math.abs(at - (cloud.length - 1) / 2) <= 1, "the first is in the middle");
    for (let i = 1; i < cloud.length; i++) { // sizes rise to the middle and fall
      if (i <= at) assert.ok(cloud[i].n >= cloud[i - 1].n);
      else assert.ok(cloud[i].n <= cloud[i - 1].n);
    }
  }
});

test("bars say where they begin and end", () => {
  assert.deepEqual(bars({}), []);
  assert.deepEqual(bars({histogram: [0, 2, 1], from: 0.1, step: 0.1}).map(({from, to, height}) => [from, to, height]),
    [[0.1, 0.2, 0], [0.2, 0.3, 1], [0.3, 0.4, 0.5]]);
  assert.deepEqual(bars({histogram: [0, 0]}).map(({height}) => height), [0, 0], "nothing is no division by nothing");
});

test("moving keeps everything and puts it where it should be", () => {
  const pick = numbers();
  for (let run = 0; run < 200; run++) {
    const list = Array.from({length: 1 + pick(8)}, (_, i) => i);
    const from = pick(10) - 1;
    const to = pick(10) - 1;
    const out = moved(list, from, to);
    assert.deepEqual([...out].sort((a, b) => a - b), list);
    if (from >= 0 && from < list.length && to >= 0 && to < list.length) assert.equal(out[to], from);
    else assert.deepEqual(out, list);
  }
});
