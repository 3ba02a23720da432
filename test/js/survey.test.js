import {test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import * as draft from "../../static/host/survey-draft.js";
import {activities, inTurn, results} from "../../static/elements/rules.js";
import {alike, inFront, missing, pulseLine, pulseOf, says, steps, toSend} from "../../static/elements/survey-rules.js";

/** Small whole numbers, the same in every run. */
function numbers() {
  let x = 11;
  return (/** @type {number} */ below) => {
    x = (x * 1103515245 + 12345) % 2147483648;
    return Math.floor((x / 2147483648) * below);
  };
}

test("a survey with items of every type comes back from the server as it was written", () => {
  const items = [{type: "stars", text: "The class?", required: true}, {type: "nps", text: "Recommend?"}, {type: "satisfaction", text: "Satisfied?"},
    {type: "choice", text: "Which?", choices: ["a", "b"]}, {type: "choice", text: "Which ones?", choices: ["c", "d", "e"], several: true, required: true}, {type: "text", text: "Why?"}];
  for (const more of [{when: "now", hours: 24}, {when: "end", hours: 6, anonymous: true}]) {
    const form = draft.surveyForm(/** @type {any} */ ({id: 3, title: "How was it?", items, phase: "draft", at: 0, ...more}));
    assert.deepEqual(draft.surveyProblems(form), []);
    assert.deepEqual(draft.surveyData(form), {title: "How was it?", items, ...more});
  }
});

test("the templates can be sent as they are, in either language", () => {
  for (const lang of ["en", "zh-CN"]) {
    const table = JSON.parse(readFileSync(new URL(`../../static/i18n/${lang}.json`, import.meta.url), "utf8"));
    const words = (/** @type {string} */ key) => table[key] ?? "";
    for (const [name, make] of Object.entries(draft.templates)) {
      const form = make(words);
      assert.deepEqual(draft.surveyProblems(form), [], `${name} in ${lang}`);
      for (const {text} of draft.surveyData(form).items) assert.ok([...text].length <= 160 && text.length > 0);
    }
    assert.equal(draft.surveyData(draft.templates.course(words)).when, "end");
    assert.deepEqual(draft.surveyData(draft.templates.course(words)).items.map(({type}) => type), ["stars", "text", "text"]);
    assert.equal(draft.surveyData(draft.templates.nps(words)).items[0].type, "nps");
  }
});

test("what is missing is named where it is", () => {
  const form = draft.newSurvey();
  form.items.push({...draft.newItem("choice", "Which?"), choices: [{text: "a", correct: false}, {text: " ", correct: false}]});
  form.items.push({...draft.newItem("choice", "Which?"), choices: [{text: "a", correct: false}, {text: " a ", correct: false}]});
  assert.deepEqual(draft.surveyProblems(form), [{at: "title", why: "title"}, {at: "item0", why: "text"}, {at: "item1-1", why: "choices"}, {at: "item2-1", why: "twice"}]);
  form.items[1].type = "text";
  assert.ok(!draft.surveyProblems(form).some(({at}) => at.startsWith("item1")), "the choices of a text are kept and not asked for");
});

test("an item is answered with its numbers", () => {
  assert.deepEqual(steps(/** @type {any} */ ({type: "nps"})), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(steps(/** @type {any} */ ({type: "stars"})), [1, 2, 3, 4, 5]);
  assert.deepEqual(steps(/** @type {any} */ ({type: "text"})), []);
});

test("what must be answered is asked for; 0 is an answer and blanks are none", () => {
  const items = /** @type {any} */ ([{type: "nps", text: "", required: true}, {type: "text", text: ""}, {type: "choice", text: "", choices: ["a", "b"], required: true}]);
  assert.deepEqual(missing(items, [null, null, null]), [0, 2]);
  assert.deepEqual(missing(items, [{value: 0}, null, {choices: []}]), [2]);
  assert.deepEqual(missing(items, [{value: 0}, {text: " "}, {choices: [0]}]), []);
  const free = /** @type {any} */ ([{type: "text", text: ""}, {type: "stars", text: ""}]);
  assert.deepEqual(missing(free, [{text: "\n"}, null]), [0], "nothing at all is no answer");
  assert.deepEqual(missing(free, [null, {value: 1}]), []);
  assert.deepEqual(toSend([{text: " "}, {value: 0}, {choices: []}, {choices: [1]}]), [null, {value: 0}, null, {choices: [1]}]);
  assert.ok(says({value: 0}));
});

test("the same answers are the same, however they were picked", () => {
  assert.ok(alike([{choices: [2, 0]}, null, {text: "a "}], [{choices: [0, 2]}, {text: " "}, {text: "a"}]));
  assert.ok(!alike([{value: 0}], [null]));
  assert.ok(!alike([{value: 1}], [{value: 2}]));
});

const room = /** @type {any} */ ({phase: "live", quiz: null, polls: [], surveys: []});
const survey = (/** @type {number} */ id, /** @type {object} */ more = {}) => /** @type {any} */ ({id, title: "?", items: [], when: "now", phase: "open", at: 0, ...more});
const viewer = /** @type {any} */ ({role: "viewer", surveys: {}});

test("a survey stands in front until it is answered, also after the class, and a result when it is shown", () => {
  const keys = (/** @type {object} */ changes, you = viewer, past = new Set()) => activities({...room, ...changes}, past, you).map(({key}) => key);
  const surveys = [survey(1), survey(2)];
  assert.deepEqual(keys({surveys}), ["survey/2", "survey/1"]);
  assert.deepEqual(keys({surveys}, {...viewer, surveys: {2: [null]}}), ["survey/1"], "what is answered gives way");
  assert.deepEqual(keys({surveys}, {...viewer, surveys: {1: [null], 2: [null]}}), ["survey/2", "survey/1"], "and stays while nothing else runs");
  assert.deepEqual(keys({surveys}, {...viewer, surveys: {1: [null], 2: [null]}}, new Set(["survey/2"])), ["survey/1"], "until it is put away");
  assert.deepEqual(keys({surveys, phase: "ended"}), ["survey/2", "survey/1"]);
  assert.deepEqual(keys({surveys, phase: "ended"}, {...viewer, absent: true}), [], "whoever was not there has nothing to answer");
  assert.deepEqual(keys({surveys, polls: [{id: 3, phase: "open"}]}), ["poll/3", "survey/2", "survey/1"]);
  assert.deepEqual(keys({surveys: [survey(1, {phase: "closed", shown: "figures"})], phase: "ended"}, viewer, new Set(["survey/1"])), ["survey/1/figures"],
    "a result comes up though the form was put away");
  assert.deepEqual(keys({surveys: [survey(1, {phase: "closed"})]}, {...viewer, role: "host"}), ["survey/1/closed"]);
  assert.deepEqual(results({...room, surveys: [survey(1), survey(2, {phase: "closed", shown: "all"})]}), ["survey/2/all"]);
  assert.deepEqual(inFront([survey(1, {phase: "draft"})], undefined), []);
});

test("what is new comes to the front once what is there is done, and never before", () => {
  const person = (/** @type {object} */ more = {}) => ({...viewer, votes: {}, ...more});
  const polls = [{id: 3, phase: "open"}, {id: 4, phase: "open"}];
  const front = (/** @type {object} */ changes, /** @type {string} */ picked, /** @type {string[]} */ seen, you = person()) =>
    inTurn(activities({...room, ...changes}, new Set(), you), picked, new Set(seen), you)?.key;
  assert.equal(front({polls}, "", []), "poll/4", "the newest first");
  assert.equal(front({polls}, "poll/3", ["poll/3"]), "poll/3", "nobody is interrupted");
  const voted = person({votes: {3: [0]}});
  assert.equal(front({polls}, "poll/3", ["poll/3"], voted), "poll/4", "it is new, and the other is done");
  assert.equal(front({polls}, "poll/3", ["poll/3", "poll/4"], voted), "poll/3", "what was picked by hand stays");
  assert.equal(front({polls, surveys: [survey(5)]}, "poll/3", ["poll/3", "poll/4"], voted), "survey/5");
  assert.equal(front({polls: [polls[0]], surveys: [survey(5)]}, "", [], voted), "survey/5", "whoever comes back is shown what is still to do");
  const quiz = {id: 9, phase: "open", question: 0, current: {}};
  assert.equal(front({polls, quiz}, "poll/3", ["poll/3", "poll/4"]), "quiz/9", "a question runs against the clock");
  assert.equal(front({}, "poll/3", ["poll/3"]), undefined);
});

test("the host is called when many are lost, and not by one voice in a large class", () => {
  const alarm = (/** @type {number} */ here, /** @type {object} */ moods) => pulseOf({here, moods, weights: moods}).alarm;
  assert.equal(alarm(30, {lost: 5}), null);
  assert.equal(alarm(30, {lost: 6}), "lost");
  assert.equal(alarm(30, {fast: 7, good: 20}), "fast");
  assert.equal(alarm(30, {lost: 6, fast: 20}), "lost", "the most urgent first");
  assert.equal(alarm(30, {good: 30}), null);
  assert.equal(alarm(10, {lost: 2}), null);
  assert.equal(alarm(10, {lost: 3}), "lost");
  assert.equal(alarm(2, {lost: 1}), "lost", "a class of one");
  assert.equal(pulseOf(null).people, 0);
});

test("the line of a mood begins at nothing, moves in steps and stays in its box", () => {
  const pick = numbers();
  for (let run = 0; run < 200; run++) {
    let at = 1000;
    const notes = Array.from({length: pick(20)}, () => ({at: (at += 1 + pick(60_000)), here: 30, lost: pick(30), good: pick(5)}));
    const to = at + pick(100_000);
    for (const mood of /** @type {const} */ (["lost", "good", "fast"])) {
      const line = pulseLine(notes, mood, 1000, to);
      assert.deepEqual(line[0], [0, 0]);
      assert.equal(line.at(-1)?.[0], 1);
      const most = Math.max(1, ...notes.flatMap(({lost, good}) => [lost, good]));
      line.forEach(([x, y], i) => {
        assert.ok(x >= 0 && x <= 1 && y >= 0 && y <= 1);
        if (i > 0) assert.ok(x >= line[i - 1][0] && (x === line[i - 1][0] || y === line[i - 1][1]), "either time passes or the count changes");
      });
      notes.forEach((note, i) => assert.equal(line[2 * i + 2][1], (/** @type {any} */ (note)[mood] ?? 0) / most));
    }
  }
});
