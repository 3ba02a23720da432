import {test} from "node:test";
import assert from "node:assert/strict";
import * as rules from "../../static/elements/quiz-rules.js";
import * as draft from "../../static/host/quiz-draft.js";

const sides = ["True", "False"];

/** Calls check with a source of numbers below n, many times. @param {(below: (n: number) => number) => void} check */
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

test("whoever did not answer has no answer, even where a result says so", () => {
  const quiz = /** @type {any} */ ({id: 40, question: 1});
  const mine = (/** @type {number} */ question, /** @type {object} */ reply) => /** @type {any} */ ({quiz: 40, question, choices: [], ...reply});
  assert.equal(rules.ownReply({quiz}), undefined);
  assert.equal(rules.ownReply({quiz, mine: mine(1, {})}), undefined, "a result without an answer");
  assert.equal(rules.ownReply({quiz, mine: mine(0, {choices: [2]}), answers: [mine(0, {choices: [2]})]}), undefined, "an answer to another question");
  assert.equal(rules.ownReply({quiz, mine: {...mine(1, {choices: [2]}), quiz: 7}}), undefined, "a result of another quiz");
  assert.deepEqual(rules.ownReply({quiz, mine: mine(1, {choices: [0, 2]})})?.choices, [0, 2]);
  assert.equal(rules.ownReply({quiz, mine: mine(1, {number: 0})})?.number, 0, "nought is an answer");
  assert.deepEqual(rules.ownReply({quiz, mine: mine(0, {}), answers: [mine(1, {texts: ["a", ""]})]})?.texts, ["a", ""], "after a reload");
});

test("each member sees all choices, in an order that is theirs and stays", () => {
  assert.deepEqual(rules.choiceOrder(4, "40/1"), [0, 1, 2, 3], "without a seed as they are");
  /** @type {Map<string, number>} */
  const seen = new Map();
  const members = 4800;
  for (let i = 0; i < members; i++) {
    const order = rules.choiceOrder(4, "40/1", 77, `u${i}`);
    assert.deepEqual(order, rules.choiceOrder(4, "40/1", 77, `u${i}`));
    assert.deepEqual([...order].sort(), [0, 1, 2, 3]);
    seen.set(order.join(""), (seen.get(order.join("")) ?? 0) + 1);
  }
  assert.equal(seen.size, 24);
  const chi = [...seen.values()].reduce((sum, n) => sum + (n - members / 24) ** 2 / (members / 24), 0);
  assert.ok(chi < 60, `orders are as frequent as each other: χ² is ${chi}, of 23 degrees of freedom`);
  assert.notDeepEqual(Array.from({length: 9}, (_, q) => rules.choiceOrder(4, `40/${q}`, 77, "ana").join("")),
    Array.from({length: 9}, (_, q) => rules.choiceOrder(4, `40/${q}`, 78, "ana").join("")));
});

test("numbers are read as people type them", () => {
  for (const [typed, number] of /** @type {[string, number | undefined][]} */ ([["42", 42], [" -3.5 ", -3.5], ["3,14", 3.14], ["１２", 12], ["−7", -7],
    ["1e3", 1000], [".5", 0.5], ["1 000", 1000], ["1'000", 1000], ["", undefined], ["abc", undefined], ["1.2.3", undefined], ["1e99", undefined],
    ["Infinity", undefined], ["0x10", undefined], ["1-2", undefined], ["--1", undefined], ["9e15", undefined]])) {
    assert.equal(rules.readNumber(typed), number, typed);
  }
  always((below) => {
    const number = (below(2_000_001) - 1_000_000) / 10 ** below(5);
    assert.equal(rules.readNumber(rules.writeNumber(number)), number);
  });
});

test("ranges are read as teachers write them", () => {
  assert.deepEqual(draft.readRange("42"), {min: 42, max: 42});
  assert.deepEqual(draft.readRange("3.14 ± 0.01"), {min: 3.13, max: 3.15});
  assert.deepEqual(draft.readRange("3.14+-0.01"), {min: 3.13, max: 3.15});
  assert.deepEqual(draft.readRange("-2 .. 3"), {min: -2, max: 3});
  assert.deepEqual(draft.readRange("1,5…2,5"), {min: 1.5, max: 2.5});
  assert.deepEqual(draft.readRange("10 至 20"), {min: 10, max: 20});
  for (const wrong of ["4 .. 3", "a", "1 ± -1", "1 .. 2 .. 3", "±1", "1 ±"]) assert.equal(draft.readRange(wrong), undefined, wrong);
});

test("gaps are cut out of a text", () => {
  assert.deepEqual(draft.readGaps("[Paris| paname ] is in [France]."), {text: "[[1]] is in [[2]].", gaps: [["Paris", "paname"], ["France"]]});
  assert.deepEqual(rules.gapPieces("[[1]] is in [[2]]."), [0, " is in ", 1, "."]);
  assert.equal(rules.plainText("[[1]] is in [[2]]."), "____ is in ____.");
});

/** A whole quiz of every type, as the server shows its author. */
const every = {
  id: 4, title: "T", scoring: "partial", streak: 300, teams: ["Red", "Blue"], shuffle: true, draw: 3, play: true,
  questions: [
    {text: "Q", choices: ["a", "b", "c"], correct: [0, 2], points: 500, seconds: 30, tags: ["x", "y z"], explanation: "So it is."},
    {type: "truefalse", text: "Q", choices: ["Yes", "No"], correct: [1], points: 0, seconds: 0},
    {type: "numeric", text: "Q", ranges: [{min: 1, max: 1}, {min: -0.5, max: 2.25}], points: 3000, seconds: 20},
    {type: "text", text: "Q", accept: ["北京", "Peking"], points: 1000, seconds: 20},
    {type: "order", text: "Q", choices: ["one", "two"], points: 1000, seconds: 20},
    {type: "match", text: "Q", pairs: [{left: "l", right: "r"}, {left: "m", right: "s"}], points: 1000, seconds: 20},
    {type: "gaps", text: "a [[1]] b [[2]]", gaps: [["x", "y"], ["z"]], points: 1000, seconds: 20},
  ],
};

test("a quiz comes back from the server as it was written", () => {
  const shown = /** @type {any} */ ({...every, questions: every.questions.map((q) => ({choices: [], correct: [], ...q}))});
  const form = draft.quizForm(shown, sides);
  assert.deepEqual(draft.quizProblems(form), []);
  assert.deepEqual({id: 4, ...draft.quizData(form)}, every);
});

test("looking at another type loses nothing", () => {
  const form = draft.newQuiz(sides);
  Object.assign(form, {title: "T"});
  Object.assign(form.questions[0], {text: "Q", choices: [{text: "a", correct: true}, {text: "b", correct: false}], accept: "a\n b ", ranges: "1\n2 .. 3"});
  const as = (/** @type {any} */ type) => {
    form.questions[0].type = type;
    return draft.quizData(form).questions[0];
  };
  assert.deepEqual(as("choice"), {text: "Q", choices: ["a", "b"], correct: [0], points: 1000, seconds: 20});
  assert.deepEqual(as("text"), {type: "text", text: "Q", accept: ["a", "b"], points: 1000, seconds: 20});
  assert.deepEqual(as("numeric"), {type: "numeric", text: "Q", ranges: [{min: 1, max: 1}, {min: 2, max: 3}], points: 1000, seconds: 20});
  assert.deepEqual(as("truefalse"), {type: "truefalse", text: "Q", choices: ["True", "False"], correct: [0], points: 1000, seconds: 20});
  assert.deepEqual(as("order"), {type: "order", text: "Q", choices: ["a", "b"], points: 1000, seconds: 20});
  assert.deepEqual(as("choice"), {text: "Q", choices: ["a", "b"], correct: [0], points: 1000, seconds: 20});
});

test("an empty choice is left out and the right one stays right", () => {
  const form = draft.newQuiz(sides);
  form.title = "T";
  form.questions[0].text = "Q";
  form.questions[0].choices = [{text: "", correct: false}, {text: "no", correct: false}, {text: "", correct: true}, {text: "yes", correct: true}];
  assert.deepEqual(draft.quizProblems(form), []);
  assert.deepEqual(draft.quizData(form).questions[0], {text: "Q", choices: ["no", "yes"], correct: [1], points: 1000, seconds: 20});
  form.questions[0].choices[3].correct = false;
  assert.deepEqual(draft.quizProblems(form), [{at: "0.0", why: "correct"}], "an empty choice cannot be the right one");
});

test("what is missing is named where it is", () => {
  const problem = (/** @type {object} */ change) => {
    const form = draft.newQuiz(sides);
    form.title = "T";
    Object.assign(form.questions[0], {text: "Q"}, change);
    return draft.quizProblems(form);
  };
  assert.deepEqual(problem({type: "truefalse"}), []);
  assert.deepEqual(problem({type: "numeric", ranges: "one"}), [{at: "0.ranges", why: "ranges"}]);
  assert.deepEqual(problem({type: "text", accept: " \n"}), [{at: "0.accept", why: "accept"}]);
  assert.deepEqual(problem({type: "gaps", text: "no gap"}), [{at: "0", why: "gaps"}]);
  assert.deepEqual(problem({type: "gaps", text: "[ | ]"}), [{at: "0", why: "gaps"}]);
  assert.deepEqual(problem({type: "gaps", text: "[a]"}), []);
  assert.deepEqual(problem({type: "match"}), [{at: "0.pair.0", why: "pairs"}]);
  assert.deepEqual(problem({type: "match", pairs: [{left: "a", right: "b"}, {left: "c", right: ""}]}), [{at: "0.pair.1", why: "pairs"}]);
  assert.deepEqual(problem({type: "match", pairs: [{left: "a", right: "b"}, {left: "a ", right: "c"}]}), [{at: "0.pair.1", why: "twice"}]);
  assert.deepEqual(problem({type: "order", choices: [{text: "a"}, {text: "a"}]}), [{at: "0.1", why: "twice"}]);
  const form = draft.newQuiz(sides);
  Object.assign(form, {title: "T", teams: "Red"});
  assert.equal(draft.quizProblems(form)[0].why, "teams");
});

test("each has their own time, and a pause stops it", () => {
  const current = /** @type {any} */ ({asked_at: 1000, deadline: 21_000, seconds: 20});
  assert.equal(rules.timeLeft(current, null, 6000), 15_000);
  assert.equal(rules.timeLeft(current, {deadline: 41_000}, 6000), 35_000);
  assert.equal(rules.timeLeft(current, {deadline: -1}, 6000), Infinity);
  assert.equal(rules.timeLeft({...current, deadline: 0}, null, 6000), Infinity);
  assert.equal(rules.timeLeft({...current, paused_at: 5000}, null, 90_000), 16_000);
  assert.equal(rules.timeLeft(current, null, 90_000), 0);
  assert.equal(rules.timeOf(current, {deadline: 41_000}).whole, 40_000);
});

test("after a reload the key says whether an answer was right", () => {
  const face = /** @type {any} */ ({text: "Q", choices: ["a", "b", "c"]});
  assert.equal(rules.rightReply(face, {correct: [0, 2]}, {choices: [2, 0]}), true);
  assert.equal(rules.rightReply(face, {correct: [0, 2]}, {choices: [0]}), false);
  assert.equal(rules.rightReply(face, {correct: null}, {choices: [0]}), undefined, "before the reveal nobody knows");
  assert.equal(rules.rightReply({...face, type: "order"}, {correct: [2, 0, 1]}, {choices: [2, 0, 1]}), true);
  assert.equal(rules.rightReply({...face, type: "order"}, {correct: [2, 0, 1]}, {choices: [2, 1, 0]}), false);
  const pairs = {...face, type: "match", choices: [], lefts: ["x", "y", "z"], rights: ["euro", "yen", "euro"]};
  assert.equal(rules.rightReply(pairs, {correct: [], pairs: [0, 2, 1]}, {choices: [2, 2, 1]}), true, "either of two that read the same");
  assert.equal(rules.rightReply(pairs, {correct: [], pairs: [0, 2, 1]}, {choices: [1, 2, 0]}), false);
  assert.equal(rules.rightReply({...face, type: "numeric"}, {correct: [], ranges: [{min: 1, max: 2}]}, {number: 1.5}), true);
});

test("what is moved goes where it shall, and all stays", () => {
  assert.deepEqual(rules.moved([1, 2, 3], 0, 2), [2, 3, 1]);
  assert.deepEqual(rules.moved([1, 2, 3], 2, 0), [3, 1, 2]);
  assert.deepEqual(rules.moved([1, 2, 3], 0, -1), [1, 2, 3]);
  assert.deepEqual(rules.moved([1, 2, 3], 2, 3), [1, 2, 3]);
});
