import {test} from "node:test";
import assert from "node:assert/strict";
import {arrange, labelsOf, threads} from "../../static/elements/rules.js";
import {blank, reduce} from "../../static/client/state.js";
import {actFor} from "../../static/moderate/keys.js";
import {entries} from "../../static/moderate/stream.js";
import {room, you} from "./wire.js";

const by = {id: "u-ana", name: "Ana", role: "viewer"};
const question = (id, more = {}) => ({id, by, text: `q${id}`, at: id, votes: 0, pinned: false, answered: false, state: "open", answers: [], ...more});
const fold = (messages, welcome = {}) => messages.reduce(reduce, reduce(blank, {type: "welcome", data: {you: {...you, ...welcome.you}, room: {...room, ...welcome.room}}}));

test("each order shows its own: what waits and what is set aside are nowhere else", () => {
  const questions = [question(1, {votes: 1}), question(2, {votes: 3, answered: true, state: "answered"}), question(3, {state: "waiting"}),
    question(4, {state: "dismissed"}), question(5, {focus: true}), question(6, {pinned: true, labels: ["go"]}), question(7, {state: "waiting"})];
  const ids = (order, only) => arrange(questions, order, only).map(({id}) => id);
  assert.deepEqual(ids("votes"), [5, 6, 2, 1]);
  assert.deepEqual(ids("new"), [5, 6, 2, 1]);
  assert.deepEqual(ids("open"), [5, 6, 1]);
  assert.deepEqual(ids("held"), [3, 7]);
  assert.deepEqual(ids("aside"), [4]);
  assert.deepEqual(ids("votes", {label: "go"}), [6]);
  assert.deepEqual(ids("votes", {own: () => true}), [5, 6, 2, 1, 4], "one's own that was set aside comes last");
});

test("labels stand by how often they are used", () => {
  assert.deepEqual(labelsOf([question(1, {labels: ["b", "a"]}), question(2, {labels: ["a"]}), question(3)]), ["a", "b"]);
});

test("replies stand under the answer that they go back to, also where one between is gone", () => {
  const answer = (id, to) => ({id, by, text: "", at: id, ...(to && {answer: to})});
  const order = (answers) => threads(answers).map(({answer: {id}, depth}) => `${id}/${depth}`);
  assert.deepEqual(order([answer(1), answer(2), answer(3, 1), answer(4, 3), answer(5, 2)]), ["1/0", "3/1", "4/1", "2/0", "5/1"]);
  assert.deepEqual(order([answer(2), answer(4, 3), answer(5, 4)]), ["2/0", "4/0", "5/1"]);
  assert.deepEqual(order([]), []);
});

test("a vote for what was merged is one for what it was merged into, once, and not for one's own", () => {
  const merged = (into) => ({type: "qa.merged", data: {from: 2, into}});
  const votes = (upvotes, into, asked = []) => fold([merged(into)], {you: {upvotes, board: {asked, held: []}}, room: {questions: [question(1), question(2)]}}).you.upvotes;
  const other = {id: "u-else", name: "E", role: "viewer"};
  assert.deepEqual(votes([2], question(1, {by: other})), [1]);
  assert.deepEqual(votes([1, 2], question(1, {by: other})), [1]);
  assert.deepEqual(votes([2], question(1, {by: {id: "", name: "", role: "viewer"}}), [1]), []);
  assert.deepEqual(votes([9], question(1, {by: other})), [9]);
});

test("what waits for approval crowds nothing out, nor is crowded out", () => {
  const asked = (id, more) => ({type: "qa.asked", data: question(id, more)});
  const messages = [];
  for (let id = 1; id <= 250; id++) messages.push(asked(id), asked(1000 + id, {state: "waiting"}));
  const {questions} = fold(messages).room;
  assert.equal(questions.filter((q) => q.state === "waiting").length, 200);
  assert.equal(questions.filter((q) => q.state === "open").length, 200);
});

test("the console's stream of what waits, and its keys", () => {
  const questions = [question(7, {state: "waiting"}), question(4), question(2, {state: "waiting"})];
  assert.deepEqual(entries([{id: 1, by, text: "hi", at: 1}], questions, "held").map(({id}) => id), [2, 7]);
  const press = (key) => ({key, ctrlKey: false, altKey: false, metaKey: false, repeat: false});
  assert.deepEqual(["y", "n", "f", "x"].map((key) => actFor(press(key), false)), ["approve", "reject", "focus", "dismiss"]);
});
