import {test} from "node:test";
import assert from "node:assert/strict";
import {actFor, bindings} from "../../static/moderate/keys.js";
import {entries, heir, lastMinute, move} from "../../static/moderate/stream.js";

const press = (key, more = {}) => ({key, ctrlKey: false, altKey: false, metaKey: false, repeat: false, ...more});
const by = {id: "u", name: "U", role: "viewer"};
const message = (id) => ({id, by, text: `m${id}`, at: id});
const question = (id, answers = []) => ({id, by, text: `q${id}`, at: id, votes: 0, pinned: false, answered: false, answers});

test("keys act, but not while somebody writes or holds a modifier", () => {
  assert.equal(actFor(press("d"), false), "delete");
  assert.equal(actFor(press("M"), false), "mute-long");
  assert.equal(actFor(press("d"), true), undefined);
  for (const held of ["ctrlKey", "altKey", "metaKey"]) assert.equal(actFor(press("d", {[held]: true}), false), undefined);
  assert.equal(actFor(press("q"), false), undefined);
});

test("a key held down moves on but bans only once", () => {
  assert.equal(actFor(press("j", {repeat: true}), false), "next");
  assert.equal(actFor(press("b", {repeat: true}), false), undefined);
});

test("no key means two things", () => {
  const keys = bindings.flatMap((binding) => binding.keys);
  assert.equal(new Set(keys).size, keys.length);
});

test("the stream is all that was written, in the order of the log", () => {
  const chat = [message(1), message(5)];
  const questions = [question(4, [message(6)]), question(2)];
  const ids = (filter) => entries(chat, questions, filter).map(({id, kind}) => `${kind} ${id}`);
  assert.deepEqual(ids("all"), ["chat 1", "question 2", "question 4", "chat 5", "answer 6"]);
  assert.deepEqual(ids("chat"), ["chat 1", "chat 5"]);
  assert.deepEqual(ids("questions"), ["question 2", "question 4", "answer 6"]);
  const held = [{...message(3), rule: "links"}], waits = {...question(7), state: "waiting"};
  assert.deepEqual(entries(chat, [...questions, waits], "held", held).map(({id}) => id), [3, 7], "what waits, the oldest first");
  assert.deepEqual(entries(chat, questions, "chat", held).map(({id, rule}) => [id, rule]), [[1, undefined], [3, "links"], [5, undefined]]);
  assert.deepEqual(entries(chat, questions, "questions", held).map(({id}) => id), [2, 4, 6]);
  const asked = {...question(4, [message(6)]), text: "Why?"};
  assert.deepEqual(entries([], [asked], "all").map((entry) => entry.asked), [undefined, "Why?"], "an answer names its question");
});

test("the pick walks, stops at the oldest and lets go after the newest", () => {
  const list = entries([message(1), message(3), message(5)], [], "all");
  assert.equal(move(list, 0, -1), 5, "from nothing back to the newest");
  assert.equal(move(list, 0, 1), 0);
  assert.equal(move(list, 5, -1), 3);
  assert.equal(move(list, 1, -1), 1);
  assert.equal(move(list, 5, 1), 0, "beyond the newest the stream runs again");
  assert.equal(move(list, 4, 1), 5, "what is gone stands where it was");
  assert.equal(move(list, 4, -1), 3);
  assert.equal(move(list, 9, 1), 0);
  assert.equal(move(list, 9, -1), 5);
  assert.equal(move([], 3, 1), 0);
});

test("after a deletion the next entry is picked", () => {
  const list = entries([message(1), message(3), message(5)], [], "all");
  assert.deepEqual([heir(list, 1), heir(list, 3), heir(list, 5)], [3, 5, 3]);
  assert.equal(heir(entries([message(1)], [], "all"), 1), 0);
});

test("messages of the last minute are counted", () => {
  assert.equal(lastMinute([0, 30_000, 59_999, 60_000, 90_000], 100_000), 3);
});
