import {afterEach, beforeEach, mock, test} from "node:test";
import assert from "node:assert/strict";
import {Client} from "../../static/client/client.js";
import {Step, most} from "../../static/client/step.js";
import {timeLeft} from "../../static/elements/quiz-rules.js";
import {Wire, said, settle} from "./wire.js";

const asked = (question, at, more = {}) => ({type: "quiz.asked", data: {id: 7, question, phase: "open", current: {question, asked_at: at, deadline: at + 20_000}, ...more}});
const later = (kind, question, phase) => ({type: `quiz.${kind}`, data: {id: 7, question, phase, current: {question}}});
const mine = (question, more = {}) => ({type: "quiz.mine", data: {quiz: 7, question, choices: [], correct: null, points: null, ...more}});
const shown = (question) => ({id: 7, question});

/** Calls check with a source of numbers below n, many times. */
function always(check) {
  for (let seed = 1; seed <= 300; seed++) {
    let x = seed * 2654435761;
    check((n) => {
      x = (x ^ (x << 13)) >>> 0;
      x = (x ^ (x >>> 17)) >>> 0;
      x = (x ^ (x << 5)) >>> 0;
      return x % n;
    });
  }
}

const some = (below, now) => {
  const question = below(3);
  return [
    () => asked(question, now - below(300)), () => later("closed", question, "closed"), () => later("revealed", question, "revealed"),
    () => later("finished", question, "finished"), () => mine(question, {correct: below(2) ? true : null}), () => mine(question, {behind: below(2) * below(5000)}),
    () => ({type: "points.balance", data: {}}), () => ({type: "poll.opened", data: {id: 1, at: now - below(200)}}), () => ({type: "poll.tally", data: {}}),
    () => ({type: "poll.closed", data: {id: 1}}), () => ({type: "survey.opened", data: {id: 2, at: now}}), () => ({type: "chat.said", data: {}}),
  ][below(12)]();
};

test("whoever sees the class at once is shown everything as it comes", () => {
  always((below) => {
    const step = new Step();
    for (let i = 0; i < 30; i++) {
      const message = some(below, 1000);
      if (message.data.behind) continue; // the server takes them for late
      assert.deepEqual(step.take(message, {now: 1000, behind: 0, quiz: shown(below(3))}), [message]);
    }
    assert.equal(step.next, Infinity);
  });
});

test("nothing is lost, told twice, out of its order or held for long", () => {
  always((below) => {
    const step = new Step();
    const lines = new Map();
    const out = [];
    const line = ({type}) => (type === "quiz.mine" || type === "points.balance" ? "quiz" : type.split(".")[0]);
    let now = 10_000;
    for (let i = 0; i < 60; i++) {
      const next = now + below(3) * 400;
      while (step.next <= next) {
        now = step.next;
        for (const message of step.ready(now)) out.push([message, now]);
      }
      now = next;
      const message = some(below, now);
      const came = now;
      for (const ready of step.take(message, {now, behind: below(4) * 2500, quiz: shown(below(3))})) out.push([ready, now]);
      lines.set(message, came);
    }
    while (step.next < Infinity) {
      assert.ok(step.next > now, "what waits has yet its time to come");
      now = step.next;
      for (const message of step.ready(now)) out.push([message, now]);
    }
    assert.equal(new Set(out.map(([message]) => message)).size, out.length, "nothing is told twice");
    const left = [...lines.keys()].filter((message) => !out.some(([told]) => told === message));
    assert.deepEqual(left.filter(({type, data}) => type !== "quiz.mine" || !data.behind), [], "but what is of a question that never came");
    for (const [message, at] of out.filter(([{data}]) => !data.behind)) assert.ok(at - lines.get(message) <= most, `${message.type} was held ${at - lines.get(message)} ms`);
    for (const name of ["quiz", "poll", "survey"]) {
      const views = (list) => list.filter((m) => line(m) === name && !["quiz.mine", "points.balance", "poll.tally"].includes(m.type));
      assert.deepEqual(views(out.map(([message]) => message)), views([...lines.keys()]), name);
    }
  });
});

for (const first of ["the question", "what is this person's own in it"]) {
  test(`a question opens when the server counts it from, and closes as much later: first comes ${first}`, () => {
    const step = new Step();
    const types = (messages) => messages.map(({type}) => type);
    const at = (now, pair, quiz) => (first === "the question" ? pair : pair.toReversed()).flatMap((message) => types(step.take(message, {now, behind: 3100, quiz})));
    assert.deepEqual(at(1020, [asked(0, 1000), mine(0, {behind: 2000})]), []);
    assert.equal(step.next, 3000);
    assert.deepEqual(step.ready(2999), []);
    assert.deepEqual(types(step.ready(3000)), ["quiz.asked", "quiz.mine"]);
    assert.deepEqual(at(9000, [mine(0, {choices: [1], behind: 2000})], shown(0)), ["quiz.mine"], "an own answer is shown at once");
    assert.deepEqual(at(21_000, [later("closed", 0, "closed")], shown(0)), []);
    assert.deepEqual(at(22_000, [mine(0, {choices: [1], behind: 2000})], shown(0)), ["quiz.mine"], "also when the close is on its way");
    assert.deepEqual(types(step.ready(23_000)), ["quiz.closed"]);
    assert.deepEqual(at(24_000, [later("revealed", 0, "revealed"), mine(0, {correct: true, points: 700})], shown(0)), [], "nobody learns it before the reveal");
    assert.deepEqual(at(24_100, [{type: "points.balance", data: {}}], shown(0)), [], "nor by their points");
    assert.deepEqual(step.ready(25_999), []);
    assert.deepEqual(types(step.ready(26_000)).toSorted(), ["points.balance", "quiz.mine", "quiz.revealed"]);
  });
}

test("whom the server does not know to be late does not lose their time", () => {
  const step = new Step();
  assert.deepEqual(step.take(asked(0, 1000), {now: 1010, behind: 4000}), []);
  assert.equal(step.next, 1500);
  step.ready(1500);
  const closed = later("closed", 0, "closed");
  assert.deepEqual(step.take(closed, {now: 9000, behind: 4000, quiz: shown(0)}), [closed]);
});

test("polls and surveys open with the picture, which is never too late", () => {
  for (const [type, behind, held] of [["poll.opened", 2300, 2300], ["survey.opened", 60_000, most], ["poll.opened", -5, 0]]) {
    const step = new Step();
    const message = {type, data: {id: 1, at: 990}};
    const now = step.take(message, {now: 1000, behind});
    assert.deepEqual(now, held ? [] : [message]);
    assert.equal(step.next, held ? 990 + held : Infinity);
  }
});

test("the time that is left is one's own", () => {
  const current = /** @type {any} */ ({asked_at: 1000, deadline: 11_000, paused_at: 0});
  assert.equal(timeLeft(current, {behind: 2000}, 3000), 10_000, "as much as anybody had at first");
  assert.equal(timeLeft(current, {behind: 2000}, 12_999), 1);
  assert.equal(timeLeft(current, {behind: 2000}, 13_000), 0);
  assert.equal(timeLeft({...current, paused_at: 4000}, {behind: 2000}, 60_000), 7000);
});

let wire, client;

beforeEach(() => {
  mock.timers.enable({apis: ["setTimeout", "Date"], now: 1_000_000});
  wire = new Wire();
  client = new Client({room: "go-101", token: "t1", origin: "https://school.example", WebSocket: wire.WebSocket, random: () => 0.5});
});

afterEach(() => {
  client.close();
  mock.timers.reset();
});

test("a client whose picture is late shows what the class is asked when the picture does", async () => {
  client.connect();
  await settle();
  wire.last.welcome({seq: 10, now: 1_000_000});
  await settle();
  client.behind = () => 2500;
  const changes = [];
  client.on("@change", ({parts}) => changes.push([...parts].join()));
  const now = 1_000_000;
  wire.last.say({seq: 11, prev: 10, type: "poll.opened", data: {id: 11, text: "?", choices: ["a", "b"], max: 1, phase: "open", at: now, voters: 0, counts: [0, 0]}});
  wire.last.say(said(12, 11));
  assert.equal(client.state.room.polls.length, 0);
  assert.equal(client.state.room.chat.at(-1)?.id, 12, "the chat is live");
  mock.timers.tick(2499);
  assert.equal(client.state.room.polls.length, 0);
  mock.timers.tick(2);
  assert.equal(client.state.room.polls[0]?.id, 11);
  assert.equal(changes.at(-1), "polls", "and the page is told so");
});
