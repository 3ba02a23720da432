import {test} from "node:test";
import assert from "node:assert/strict";
import {arrange, hardness, lanes, moments, mood, sharpness, span, ticks, within} from "../../static/report/rules.js";

const minute = 60_000;

test("an axis has round numbers, begins at 0 and reaches the largest value", () => {
  for (const max of [1, 2, 3, 7, 10, 37, 99, 100, 101, 5000, 123_456]) {
    for (const count of [2, 3, 4]) {
      const list = ticks(max, count);
      assert.equal(list[0], 0);
      assert.ok(list.at(-1) >= max, `${list} for ${max}`);
      assert.ok(list.at(-1) - list[1] < max || max === 1, `${list} is too long for ${max}`);
      assert.ok(list.length <= count + 2, `${list} has too many for ${count}`);
      assert.ok(list.every((n) => Number.isInteger(n)), "people come in whole numbers");
    }
  }
  assert.deepEqual(ticks(0), [0, 1]);
  assert.deepEqual(ticks(NaN), [0, 1]);
});

test("times stand at round minutes of the wall's clock, as many as there is room for", () => {
  const from = Date.UTC(2026, 0, 5, 9, 3, 20);
  for (const length of [2, 20, 61, 300, 3000]) {
    const list = moments(from, from + length * minute, 5, -330); // half past in India
    assert.ok(list.length <= 6, `${list.length} for ${length}`);
    for (const at of list) assert.ok(at >= from && at <= from + length * minute && at % minute === 0);
  }
  const [first] = moments(from, from + 300 * minute, 5, -330);
  assert.equal((first + 330 * minute) % (60 * minute), 0);
});

test("a plot shows a sitting, or everything where there was none", () => {
  const points = [{at: 0, present: 1, feeling: null}, {at: 5 * minute, present: 2, feeling: null}, {at: 9 * minute, present: 1, feeling: null}];
  const report = {sittings: [{from: 4.5 * minute, to: 9 * minute}, {from: 20 * minute, to: 0}], points, step: minute, at: 30 * minute};
  assert.deepEqual(span(report, 0), {from: 4.5 * minute, to: 9 * minute});
  assert.deepEqual(span(report, 1), {from: 20 * minute, to: 30 * minute}, "one that goes on lasts until now");
  assert.deepEqual(span({...report, sittings: []}, -1), {from: 0, to: 10 * minute});
  assert.deepEqual(span({...report, sittings: [], points: []}, -1), {from: 30 * minute, to: 31 * minute});
  assert.deepEqual(within(points, minute, span(report, 0)).map(({at}) => at), [5 * minute]);
});

test("marks that overlap lie in lanes of their own, and a lane never holds two at once", () => {
  const marks = [["topic", 0, 0], ["quiz", 1, 3], ["poll", 2, 4], ["quiz", 3, 5], ["air", 0, 9], ["poll", 50, 60], ["quiz", -9, -5]]
    .map(([kind, at, until], id) => ({kind, at, until, id}));
  const placed = lanes(marks, {from: 0, to: 10});
  assert.deepEqual(placed.map(({mark}) => mark.id), [0, 1, 2, 3]);
  assert.equal(placed[0].to, 10, "what goes on lasts to the end");
  for (const a of placed) {
    for (const b of placed) {
      if (a !== b && a.lane === b.lane) assert.ok(a.to <= b.from || b.to <= a.from);
    }
  }
  assert.equal(lanes(marks.slice(1, 4), {from: 0, to: 10}, 5).at(-1).lane, 2, "what is too short to see takes its room");
});

test("people stand by the column, equal ones by name, and are found by a part of it", () => {
  const person = (id, name, role, score) => ({id, name, role, score});
  const people = [person("1", "Ana", "viewer", 10), person("2", "李雷", "viewer", 30), person("3", "Bo", "viewer", 10), person("4", "Hana", "host", 0)];
  const ids = (choice) => arrange(people, {column: "score", down: true, find: "", role: "", ...choice}, new Intl.Collator("en")).map(({id}) => id).join("");
  assert.equal(ids({}), "2134");
  assert.equal(ids({down: false}), "4132");
  assert.equal(ids({column: "name", down: false}), "1342");
  assert.equal(ids({find: " AN"}), "14");
  assert.equal(ids({find: "李"}), "2");
  assert.equal(ids({role: "staff"}), "4");
  assert.equal(ids({role: "viewer", find: "zoe"}), "");
  assert.deepEqual(people.map(({id}) => id), ["1", "2", "3", "4"], "what was given is left as it is");
});

test("words for numbers, and none for what is not known", () => {
  assert.deepEqual([null, 0.5, 0.12, -0.5].map(mood), ["mute", "praise", "neutral", "complaint"]);
  assert.deepEqual([null, 1, 0.5, 0.1].map(hardness), ["", "easy", "fair", "hard"]);
  assert.deepEqual([null, -0.1, 0.1, 0.3, 0.5].map(sharpness), ["", "wrong", "poor", "fair", "good"]);
});
