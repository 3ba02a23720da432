import {test} from "node:test";
import assert from "node:assert/strict";
import * as draft from "../../static/host/draft.js";

test("a poll can be sent when it asks something with two different choices", () => {
  const form = draft.newPoll();
  assert.deepEqual(draft.pollProblems(form), [{at: "text", why: "text"}, {at: "0", why: "choices"}]);
  Object.assign(form, {text: "  Tea or coffee? ", choices: ["Tea", "", " Coffee "]});
  assert.deepEqual(draft.pollProblems(form), []);
  assert.deepEqual(draft.pollData(form), {text: "Tea or coffee?", choices: ["Tea", "Coffee"], max: 1, hidden: false});
  form.choices = ["Tea", "Tea"];
  assert.deepEqual(draft.pollProblems(form), [{at: "1", why: "twice"}]);
});

test("several choices never mean more than there are", () => {
  const form = {...draft.newPoll(), text: "Which?", choices: ["a", "b", "c", ""], several: true, max: 9, hidden: true};
  assert.equal(draft.pollData(form).max, 3);
  assert.equal(draft.pollData({...form, max: 0}).max, 2);
  assert.equal(draft.pollData({...form, several: false}).max, 1);
});

test("a poll comes back from the server as it was written", () => {
  const poll = {id: 3, text: "Which?", choices: ["a", "b", "c"], max: 2, hidden: true, phase: "draft", at: 0, voters: 0, counts: null};
  assert.deepEqual(draft.pollData(draft.pollForm(poll)), {text: "Which?", choices: ["a", "b", "c"], max: 2, hidden: true});
});

test("a pasted list becomes choices", () => {
  assert.deepEqual(draft.pasteLines(["", ""], 0, "1. One\n2) Two\n\n- Three\n* Four\n(b) Five\nSix a. m."), ["One", "Two", "Three", "Four", "Five", "Six a. m."]);
  assert.deepEqual(draft.pasteLines(["a", "b"], 1, "x\ny"), ["a", "x", "y"]);
  assert.equal(draft.pasteLines([""], 0, Array.from({length: 30}, (_, i) => `c${i}`).join("\n")).length, 12);
  assert.equal([...draft.pasteLines([""], 0, "字".repeat(300))[0]].length, 120);
});
