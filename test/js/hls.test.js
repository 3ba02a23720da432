// @ts-nocheck
import assert from "node:assert/strict";
import {test} from "node:test";
import {Ways} from "../../static/client/hls-ways.js";

/** A ViewerMedia that does what the test says. */
class Media extends EventTarget {
  state = "idle";
  calls = [];
  watch() { this.calls.push("watch"); }
  stop() { this.calls.push("stop"); this.become("idle"); }
  setQuality() {}
  become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
  full() {
    this.become("idle");
    this.dispatchEvent(new Event("full"));
  }
  give(source, stream) { this.dispatchEvent(new CustomEvent("stream", {detail: {source, stream}})); }
}

function rig(t, onAir = false) {
  t.mock.timers.enable({apis: ["setTimeout", "setInterval"]});
  const media = new Media();
  const heard = {};
  const client = {on: (type, fn) => (heard[type] = fn), now: () => 0};
  const video = {currentTime: 0, src: "", removeAttribute() {}, load() {}};
  const ways = new Ways({media, client, video, room: "r", token: "t", onAir: () => onAir});
  const told = [];
  for (const type of ["way", "stream"]) ways.addEventListener(type, ({detail}) => told.push(type === "way" ? detail.way : detail.source));
  t.after(() => ways.stop());
  ways.watch("auto");
  return {media, ways, told, heard, tick: (ms) => t.mock.timers.tick(ms)};
}

test("without a place by WebRTC it is LL-HLS, until there is one", (t) => {
  const {media, ways, told, tick} = rig(t);
  media.full();
  assert.equal(ways.way, "hls");
  assert.equal(ways.why, "full");
  media.calls = [];
  tick(50_000);
  assert.deepEqual(media.calls, []);
  tick(45_000);
  assert.equal(media.calls[0], "watch");
  media.full();
  assert.equal(ways.way, "hls");
  media.calls = [];
  tick(95_000);
  assert.equal(media.calls[0], "watch");
  media.give("camera", {});
  assert.deepEqual(told, ["hls"]); // not before it plays
  media.become("playing");
  assert.deepEqual(told, ["hls", "webrtc", "camera"]);
  assert.equal(ways.way, "webrtc");
});

test("WebRTC that does not get through gives way after ten seconds", (t) => {
  const {media, ways, tick} = rig(t);
  media.become("connecting");
  tick(9_000);
  media.become("reconnecting");
  assert.equal(ways.way, "webrtc");
  tick(2_000);
  assert.equal(ways.way, "hls");
  assert.equal(ways.why, "blocked");
});

test("a connection that comes back in time is waited for, each time anew", (t) => {
  const {media, ways, tick} = rig(t);
  for (let i = 0; i < 3; i++) {
    media.become("reconnecting");
    tick(8_000);
    media.become("playing");
    tick(60_000);
  }
  assert.equal(ways.way, "webrtc");
});

test("a socket that is gone says nothing about WebRTC", (t) => {
  const {media, ways, heard, tick} = rig(t);
  heard["@state"]({state: "reconnecting"});
  media.become("reconnecting");
  tick(60_000);
  assert.equal(ways.way, "webrtc");
  heard["@state"]({state: "open"});
  tick(11_000);
  assert.equal(ways.way, "hls");
});

test("what the viewer chose stays chosen", (t) => {
  const {media, ways, tick} = rig(t);
  media.become("playing");
  ways.choose("hls");
  assert.equal(ways.way, "hls");
  media.calls = [];
  tick(600_000);
  assert.deepEqual(media.calls, []);
  ways.choose("webrtc");
  assert.deepEqual(media.calls, ["watch"]);
  media.become("playing");
  assert.equal(ways.way, "webrtc");
});

test("where there is no LL-HLS, WebRTC goes on", async (t) => {
  const real = globalThis.fetch;
  globalThis.fetch = async () => new Response('{"error":{"code":"hls.none","text":""}}', {status: 404, headers: {"Content-Type": "application/json"}});
  t.after(() => (globalThis.fetch = real));
  const {media, ways, tick} = rig(t, true);
  const failed = new Promise((resolve) => ways.addEventListener("way", ({detail}) => detail.way === "webrtc" && resolve()));
  media.become("connecting");
  tick(11_000);
  assert.equal(ways.way, "hls");
  await failed;
  assert.equal(ways.way, "webrtc");
  assert.equal(media.calls.at(-1), "watch");
  media.become("reconnecting");
  tick(60_000);
  assert.equal(ways.way, "webrtc"); // it is known by now
  const states = [];
  ways.addEventListener("state", ({detail}) => states.push(detail.state));
  media.calls = [];
  media.full();
  assert.equal(states.at(-1), "failed");
  tick(95_000);
  assert.equal(media.calls[0], "watch");
});
