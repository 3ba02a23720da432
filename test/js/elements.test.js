// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import {activities, arrange, paragraphs, readingTime, results, shares, sortSessions} from "../../static/elements/rules.js";

/** Numbers in [0, 1) that are the same in each run (mulberry32). @param {number} state */
function numbers(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

/** Calls check with 300 seeds' numbers. @param {(below: (n: number) => number) => void} check */
function always(check) {
  for (let seed = 1; seed <= 300; seed++) {
    const next = numbers(seed);
    try {
      check((n) => Math.floor(next() * n));
    } catch (err) {
      throw new Error(`seed ${seed}`, {cause: err});
    }
  }
}

const by = {id: "u1", name: "Ana", role: /** @type {const} */ ("viewer")};

test("questions: the pinned one leads, then what was asked for, and nothing is lost", () => {
  always((below) => {
    const pinned = below(8);
    const questions = Array.from({length: below(8)}, (_, i) => ({id: i + 1, by, text: "?", at: 0, votes: below(4), pinned: i === pinned,
      answered: below(2) === 0, answers: []}));
    for (const order of /** @type {const} */ (["votes", "new", "open"])) {
      const shown = arrange(questions, order);
      const expected = order === "open" ? questions.filter((q) => !q.answered) : questions;
      assert.deepEqual(new Set(shown), new Set(expected));
      shown.forEach((q, i) => {
        const after = shown[i + 1];
        if (!after) return;
        if (q.pinned || after.pinned) assert.ok(q.pinned, "the pinned one is not first");
        else if (order === "new") assert.ok(q.id > after.id);
        else assert.ok(q.votes > after.votes || (q.votes === after.votes && q.id < after.id));
      });
    }
  });
});

test("shares of a poll lie between none and all, whatever the counts", () => {
  assert.equal(shares(null, 5), null);
  assert.deepEqual(shares([0, 0], 0), [0, 0]);
  assert.deepEqual(shares([1, 3], 4), [0.25, 0.75]);
  always((below) => {
    for (const share of shares([below(50), below(50), below(50)], below(60)) ?? []) assert.ok(share >= 0 && share <= 1);
  });
});

/** @param {(n: number) => number} below @returns {any} a room with some polls and perhaps a quiz */
function anyRoom(below) {
  const polls = Array.from({length: below(5)}, (_, i) => ({id: i + 1, phase: ["draft", "open", "closed"][below(3)]}));
  const quiz = below(2) ? {id: 99, phase: ["ready", "open", "closed", "revealed", "finished"][below(5)]} : null;
  return {polls, quiz};
}

test("what runs hides results, a quiz comes first, and past results never come back", () => {
  always((below) => {
    const room = anyRoom(below);
    const past = new Set(results(room).filter(() => below(2) === 0));
    const shown = activities(room, past);
    const running = shown.filter(({over}) => !over);
    assert.ok(running.length === 0 || running.length === shown.length, "a result beside something that runs");
    assert.ok(shown.every(({key}) => !past.has(key)));
    assert.ok(!shown.some((a) => a.kind === "poll" && a.poll.phase === "draft"));
    if (room.quiz && room.quiz.phase !== "finished") assert.equal(shown[0].kind, "quiz");
    const polls = shown.flatMap((a) => (a.kind === "poll" ? [a.poll.id] : []));
    assert.deepEqual(polls, [...polls].sort((a, b) => b - a), "polls are newest first");
    assert.equal(running.length, room.polls.filter((/** @type {any} */ p) => p.phase === "open").length +
      (room.quiz && room.quiz.phase !== "finished" ? 1 : 0));
  });
});

test("sessions: live ones by size, then the rest by nearness, without what has ended", () => {
  const now = 1_000_000;
  const make = (/** @type {string} */ id, /** @type {string} */ phase, /** @type {number} */ count, /** @type {number} */ startsAt) =>
    /** @type {any} */ ({id, phase, count, starts_at: startsAt});
  const {live, next} = sortSessions([make("later", "waiting", 0, now + 900), make("small", "live", 3, 0), make("soon", "waiting", 0, now + 5),
    make("over", "ended", 0, now - 5), make("open", "waiting", 2, now - 50), make("big", "live", 80, 0)], now);
  assert.deepEqual(live.map(({id}) => id), ["big", "small"]);
  assert.deepEqual(next.map(({id}) => id), ["open", "soon", "later"]);
});

test("a lesson's paragraphs are parted by empty lines, and longer ones take longer", () => {
  assert.deepEqual(paragraphs("One\nstill one\n\n  \nTwo\n\n\nThree\n"), ["One\nstill one", "Two", "Three"]);
  assert.deepEqual(paragraphs("  \n\n "), []);
  assert.equal(readingTime("word ".repeat(220)), 60);
  assert.equal(readingTime("字".repeat(350)), 60);
  assert.equal(readingTime(""), 8);
});
