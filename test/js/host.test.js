import {mock, test} from "node:test";
import assert from "node:assert/strict";
import {linkTarget, roomOf} from "../../static/host/address.js";
import {Broadcast} from "../../static/host/broadcast.js";
import {Roster} from "../../static/host/roster.js";
import {settle} from "./wire.js";

/** A class that answers commands as the server does, and remembers them. */
class School extends EventTarget {
  asked = [];
  refuse = null;
  state = {you: {id: "u-tia"}, room: {phase: "waiting", stage: {live: false, by: null, since: 0, sources: []}}};

  on(type, fn) {
    this.addEventListener(type, (event) => fn(event.detail));
    return () => {};
  }

  say(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, {detail}));
  }

  async command(type, data = {}) {
    if (this.refuse === type) throw Object.assign(new Error(type), {code: "auth.forbidden"});
    this.asked.push(type === "stage.go" ? `stage.go ${data.sources.join()}` : type);
    if (type === "room.open") this.state.room.phase = "live";
    if (type === "stage.go") this.stage(data.sources);
  }

  stage(sources) {
    this.state.room.stage = {live: sources.length > 0, by: sources.length > 0 ? {id: "u-tia"} : null, since: 1, sources};
    this.say("stage.changed");
  }
}

class Publisher extends EventTarget {
  sent = new Map();
  async set(source, track) {
    if (track) this.sent.set(source, track);
    else this.sent.delete(source);
  }
  async stop() {
    this.sent.clear();
  }
  become(state, reason = "") {
    this.dispatchEvent(new CustomEvent("state", {detail: {state, reason}}));
  }
}

class Captured extends EventTarget {
  tracks = {camera: null, microphone: null, screen: null, "screen-audio": null};
  put(source, track) {
    this.tracks[source] = track;
    this.dispatchEvent(new CustomEvent("change", {detail: {source}}));
  }
}

const track = () => ({enabled: true, readyState: "live"});

function studio() {
  const school = new School(), capture = new Captured(), publisher = new Publisher();
  capture.put("camera", track());
  capture.put("microphone", track());
  return {school, capture, publisher, broadcast: new Broadcast(school, capture, publisher)};
}

test("going live opens the class, publishes and only then tells the class", async () => {
  const {school, publisher, broadcast} = studio();
  await broadcast.start();
  assert.deepEqual(school.asked, ["room.open", "stage.go camera,microphone"]);
  assert.deepEqual([...publisher.sent.keys()], ["camera", "microphone"]);
  await broadcast.stop();
  assert.deepEqual(school.asked.slice(2), ["stage.go "]);
  assert.equal(publisher.sent.size, 0);
  await broadcast.start();
  assert.deepEqual(school.asked.slice(3), ["stage.go camera,microphone"], "an open class is not opened again");
});

test("what begins and ends on air is told; off air it is nobody's business", async () => {
  const {school, capture, publisher, broadcast} = studio();
  capture.put("screen", track());
  await settle();
  assert.deepEqual(school.asked, []);
  await broadcast.start();
  capture.put("screen", null);
  await settle();
  capture.put("camera", null);
  await settle();
  broadcast.mute(true);
  await settle();
  broadcast.mute(false);
  await settle();
  assert.deepEqual(school.asked.slice(1), ["stage.go camera,microphone,screen", "stage.go camera,microphone", "stage.go microphone", "stage.go ", "stage.go microphone"]);
  assert.deepEqual([...publisher.sent.keys()], ["microphone"], "a muted microphone stays published");
});

test("a refusal leaves the page off air", async () => {
  const {school, publisher, broadcast} = studio();
  school.refuse = "stage.go";
  await assert.rejects(broadcast.start(), {code: "auth.forbidden"});
  assert.equal(broadcast.wanted, false);
  assert.equal(publisher.sent.size, 0);
  school.refuse = null;
  await broadcast.start();
  assert.equal(broadcast.wanted, true, "the next try is a new one");
});

test("a class that somebody else ended is left off air, and is not opened again by itself", async () => {
  const {school, publisher, broadcast} = studio();
  await broadcast.start();
  school.state.room = {...school.state.room, phase: "ended", stage: {live: false, by: null, since: 0, sources: []}};
  school.say("room.ended");
  await settle();
  assert.equal(broadcast.wanted, false);
  assert.equal(publisher.sent.size, 0);
  publisher.become("connected");
  school.say("@welcome");
  await settle();
  assert.equal(school.asked.length, 2);
});

test("after a breakdown the class is told again once the media flow", async () => {
  const {school, publisher, broadcast} = studio();
  await broadcast.start();
  publisher.become("reconnecting");
  school.stage([]); // the server ended the stage after its grace
  await settle();
  assert.equal(school.asked.length, 2, "not while nothing is sent");
  publisher.become("connected");
  await settle();
  assert.deepEqual(school.asked.slice(2), ["stage.go camera,microphone"]);
  publisher.become("connected");
  await settle();
  assert.equal(school.asked.length, 3, "once is enough");
});

test("a page whose broadcast was taken over, or whose socket was closed, is off air", async () => {
  const {publisher, broadcast} = studio();
  const failures = [];
  broadcast.addEventListener("failed", ({detail}) => failures.push(detail.code));
  await broadcast.start();
  publisher.become("failed"); // for now: it is tried on
  assert.equal(broadcast.wanted, true);
  publisher.become("failed", "replaced");
  assert.equal(broadcast.wanted, false);
  assert.deepEqual(failures, ["media.failed"]);

  const other = studio();
  await other.broadcast.start();
  other.school.say("@state", {state: "closed", code: 4500});
  assert.equal(other.broadcast.wanted, false);
  assert.equal(other.publisher.sent.size, 0);
});

/** A class of n people in pages of two, by name. */
function crowd(n) {
  const school = new School();
  school.lists = [];
  school.request = async (type, {after, find}) => {
    school.lists.push(find);
    const all = Array.from({length: n}, (_, i) => ({id: `p${i}`, name: `P${i}`})).filter((p) => p.name.includes(find));
    const from = after ? Number(after) : 0;
    return {people: all.slice(from, from + 2), count: all.length, next: from + 2 < all.length ? String(from + 2) : ""};
  };
  return school;
}

test("the list of people is asked for only while somebody looks, and not for every coming and going", async () => {
  mock.timers.enable({apis: ["setTimeout"]});
  try {
    const school = crowd(5);
    const roster = new Roster(school);
    school.say("room.presence");
    mock.timers.tick(10_000);
    assert.equal(school.lists.length, 0);
    roster.watch(true);
    await settle();
    assert.deepEqual(roster.people.map((p) => p.id), ["p0", "p1"]);
    for (let i = 0; i < 100; i++) school.say("room.presence");
    mock.timers.tick(2500);
    await settle();
    assert.equal(school.lists.length, 2);
    await roster.more();
    assert.equal(roster.people.length, 4);
    school.say("mod.acted");
    mock.timers.tick(250);
    await settle();
    assert.equal(roster.people.length, 4, "what was unfolded stays so");
    roster.search("P3");
    roster.search("P4");
    mock.timers.tick(250);
    await settle();
    assert.deepEqual(roster.people.map((p) => p.id), ["p4"]);
    assert.equal(school.lists.at(-1), "P4");
    assert.ok(!school.lists.includes("P3"), "what was typed over is not asked for");
  } finally {
    mock.timers.reset();
  }
});

test("addresses name rooms, and only links of this server are followed", () => {
  assert.equal(roomOf("/host/go-101"), "go-101");
  for (const path of ["/host", "/host/", "/host/-x", "/host/Go", `/host/${"x".repeat(65)}`]) assert.equal(roomOf(path), "");
  const here = "https://school.example";
  assert.equal(linkTarget("https://school.example/host/go-101#once=abc", here), "/host/go-101#once=abc");
  assert.equal(linkTarget("/moderate/go-101#invite=abc", here), "/moderate/go-101#invite=abc");
  for (const bad of ["", "https://evil.example/host/go-101#once=a", "javascript:alert(1)//host/go#x", "https://school.example/v1/x#a", "https://school.example/host/go-101"]) {
    assert.equal(linkTarget(bad, here), "", bad);
  }
});
