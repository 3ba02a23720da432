import {test} from "node:test";
import assert from "node:assert/strict";
import {readdirSync, readFileSync} from "node:fs";
import {acknowledged, blank, difference, reduce} from "../../static/client/state.js";

const golden = new URL("../../testdata/protocol/", import.meta.url);

/** Deeply freezes a value, so that a fold which writes into it fails. */
function frozen(value) {
  if (value && typeof value === "object") Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

function fold(messages) {
  return messages.reduce((state, message) => frozen(reduce(state, frozen(message))), blank);
}

for (const file of readdirSync(golden).filter((name) => name.endsWith(".json"))) {
  const {name, messages, state: expected} = JSON.parse(readFileSync(new URL(file, golden), "utf8"));
  test(`${file}: ${name}`, () => {
    const state = fold(messages);
    for (const [part, want] of Object.entries(expected)) {
      if (part !== "you" && part !== "room") assert.deepEqual(state[part], want, part);
      else for (const [field, value] of Object.entries(want)) assert.deepEqual(state[part][field], value, `${part}.${field}`);
    }
  });
}

const messages = (file) => JSON.parse(readFileSync(new URL(file, golden), "utf8")).messages;

test("a view that comes twice changes nothing the second time", () => {
  for (const file of readdirSync(golden)) {
    const all = messages(file).filter(({type}) => !type.endsWith(".mine") && type !== "suggest.offered");
    const once = fold(all);
    const last = all.at(-1);
    assert.deepEqual(reduce(once, last), once, `${file} ${last.type}`);
  }
});

test("before the welcome nothing is known", () => {
  assert.equal(reduce(blank, {type: "chat.said", data: {id: 1}}), blank);
});

test("lists stay as long as the server's", () => {
  let state = fold(messages("chat.json"));
  const by = {id: "u", name: "U", role: "viewer"};
  for (let id = 100; id < 300; id++) state = reduce(state, {type: "chat.said", data: {id, by, text: "x", at: 0}});
  assert.equal(state.room.chat.length, 100);
  assert.equal(state.room.chat.at(-1).id, 299);

  for (let id = 1000; id < 1300; id++) {
    state = reduce(state, {type: "qa.asked", data: {id, by, text: "?", at: 0, votes: 0, pinned: id === 1000, answered: id % 2 === 0, answers: []}});
  }
  const ids = state.room.questions.map((q) => q.id);
  assert.equal(ids.length, 200);
  assert.ok(ids.includes(1000), "what is pinned stays");
  assert.equal(ids.filter((id) => id % 2 === 1).length, 150, "what is unanswered stays before what is answered");
});

test("difference names the parts that a page has to draw again", () => {
  const [first, ...rest] = messages("personal.json");
  const before = reduce(blank, first);
  assert.deepEqual([...difference(before, before)], []);
  const after = rest.reduce(reduce, before);
  assert.deepEqual([...difference(before, after)].sort(), ["points", "suggestions", "you"]);
  const talk = reduce(before, {type: "chat.said", data: {id: 99, by: {}, text: "", at: 0}});
  assert.deepEqual([...difference(before, talk)], ["chat"]);
  assert.ok(difference(blank, before).has("quiz"));
});

test("the end of a class takes everybody off the stage and every hand down", () => {
  const person = {id: "u-ana", name: "Ana", role: "viewer"};
  const live = [{type: "stage.changed", data: {live: true, by: person, since: 1, sources: ["camera"]}}, {type: "hand.raised", data: person}]
    .reduce(reduce, fold(messages("chat.json").slice(0, 1)));
  assert.equal(live.you.hand, true);
  const {room, you} = reduce(live, {type: "room.ended", data: {phase: "ended", started_at: 1, ended_at: 9}});
  assert.deepEqual([room.phase, room.stage.live, room.stage.sources, room.hands, you.hand], ["ended", false, [], [], false]);
});

test("an acknowledged upvote shows at once and only once", () => {
  const before = fold(messages("questions.json").slice(0, 2));
  const up = acknowledged(before, "qa.upvote", {question: 11});
  assert.deepEqual(up.you.upvotes, [7, 11]);
  assert.equal(acknowledged(up, "qa.upvote", {question: 11}), up);
  assert.deepEqual(acknowledged(up, "qa.unvote", {question: 7}).you.upvotes, [11]);
});

test("a suggestion that was taken up or dismissed goes away", () => {
  const before = fold(messages("personal.json"));
  assert.deepEqual(acknowledged(before, "suggest.dismiss", {item: "v-gen"}).suggestions, []);
  assert.equal(acknowledged(before, "suggest.dismiss", {item: "other"}).suggestions.length, 1);
});
