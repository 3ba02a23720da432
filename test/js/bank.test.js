import {afterEach, beforeEach, test} from "node:test";
import assert from "node:assert/strict";
import * as bank from "../../static/client/bank.js";
import * as rules from "../../static/host/bank-rules.js";
import * as draft from "../../static/host/quiz-draft.js";

const sides = ["True", "False"];

test("what is right in a question is shown as right", () => {
  const shown = (/** @type {any} */ q) => rules.answerLines(bank.full(q)).map(({text, right}) => (right ? `✓${text}` : text));
  assert.deepEqual(shown({text: "Q", choices: ["a", "b", "c"], correct: [0, 2]}), ["✓a", "b", "✓c"]);
  assert.deepEqual(shown({type: "truefalse", text: "Q", choices: ["Yes", "No"], correct: [1]}), ["Yes", "✓No"]);
  assert.deepEqual(shown({type: "numeric", text: "Q", ranges: [{min: 1, max: 1}, {min: -0.5, max: 2}]}), ["✓1", "✓-0.5 … 2"]);
  assert.deepEqual(shown({type: "text", text: "Q", accept: ["北京", "Peking"]}), ["✓北京", "✓Peking"]);
  assert.deepEqual(shown({type: "order", text: "Q", choices: ["one", "two"]}), ["✓1. one", "✓2. two"]);
  assert.deepEqual(shown({type: "match", text: "Q", pairs: [{left: "l", right: "r"}]}), ["✓l → r"]);
  assert.deepEqual(shown({type: "gaps", text: "[[1]] b [[2]]", gaps: [["x", "y"], ["z"]]}), ["✓1: x / y", "✓2: z"]);
  assert.equal(rules.kindOf({}), "choice");
  assert.equal(rules.lineOf(bank.full({text: "a\n [[1]]  b"})), "a ____ b");
});

test("questions from elsewhere go behind those that are begun, and only as many as fit", () => {
  const made = (/** @type {string} */ text) => ({...draft.newQuestion(sides), text});
  const more = [made("x"), made("y")];
  const fresh = [draft.newQuestion(sides)];
  assert.equal(rules.append(fresh, more, 100), 2);
  assert.deepEqual(fresh.map(({text}) => text), ["x", "y"], "in place of the empty one");
  const begun = [made("a"), {...draft.newQuestion(sides), type: "truefalse", points: 0}, {...draft.newQuestion(sides), tags: "kept"}];
  assert.equal(rules.append(begun, more, 100), 2);
  assert.deepEqual(begun.map(({text}) => text), ["a", "", "x", "y"], "one with tags alone is begun");
  const nearly = Array.from({length: 99}, (_, i) => made(`${i}`));
  assert.equal(rules.append(nearly, more, 100), 1);
  assert.equal(nearly.length, 100);
  assert.equal(rules.append(nearly, more, 100), 0);
  assert.equal(nearly.length, 100);
  const untouched = [draft.newQuestion(sides)];
  assert.equal(rules.append(untouched, [], 100), 0);
  assert.equal(untouched.length, 1, "nothing for nothing");
});

test("what was read of a file is sent as it came", () => {
  const read = bank.full({type: "gaps", text: "[[1]] a", gaps: [["x"]], points: 0, seconds: 0, tags: ["t"]});
  const form = {...draft.newQuiz(sides), title: "T", questions: [draft.questionForm(read, sides)]};
  assert.deepEqual(draft.quizProblems(form), []);
  assert.deepEqual(draft.quizData(form).questions[0], {type: "gaps", text: "[[1]] a", gaps: [["x"]], points: 0, seconds: 0, tags: ["t"]});
});

test("a tag is put into a search and taken out again", () => {
  assert.deepEqual(rules.toggled(["a"], "b"), ["a", "b"]);
  assert.deepEqual(rules.toggled(["a", "b"], "a"), ["b"]);
});

const real = globalThis.fetch;
/** @type {{method?: string, url: string, body: any, type?: string}[]} */
let seen = [];
/** @type {(call: typeof seen[number]) => [number, any]} */
let answer = () => [200, {}];

beforeEach(() => {
  seen = [];
  globalThis.fetch = /** @type {any} */ (async (/** @type {string} */ url, /** @type {any} */ {method, headers, body}) => {
    const call = {method, url, body, type: headers["Content-Type"]};
    seen.push(call);
    const [status, data] = answer(call);
    return new Response(JSON.stringify(data), {status});
  });
});
afterEach(() => (globalThis.fetch = real));

test("a file is sent as it is, and one that is too large not at all", async () => {
  answer = () => [200, {questions: [{type: "text", text: "Q", accept: ["a"]}], skipped: [], notes: []}];
  const file = new Blob(["::Q"]);
  const {questions} = await bank.readFile("go-101", "t", file);
  assert.equal(seen[0].url, "/v1/rooms/go-101/questions/import");
  assert.equal(seen[0].body, file);
  assert.equal(seen[0].type, "application/octet-stream");
  assert.deepEqual(questions[0].choices, [], "lists that are left out are empty");
  await assert.rejects(bank.readFile("go-101", "t", /** @type {any} */ ({size: bank.bounds.file + 1})), {code: "wire.too_long"});
  assert.equal(seen.length, 1);
});

test("a search names what is looked for, and a large import goes in pieces", async () => {
  answer = ({body}) => [200, body ? {questions: JSON.parse(body).questions.map((/** @type {any} */ question, /** @type {number} */ i) => ({id: i, at: 1, question})), added: JSON.parse(body).questions.length - 1, known: 1}
    : {questions: [], total: 0, next: 0}];
  await bank.find("t", {q: "并发 go", tags: ["a b", "c"], type: ""}, 7);
  const url = new URL(seen[0].url, "http://x");
  assert.deepEqual([...url.searchParams], [["q", "并发 go"], ["before", "7"], ["limit", "30"], ["tag", "a b"], ["tag", "c"]]);
  const done = await bank.add("t", Array.from({length: 1100}, (_, i) => ({text: `${i}`})));
  assert.deepEqual([seen.length - 1, done.added, done.known, done.questions.length], [11, 1089, 11, 1100]);
});
