import {afterEach, beforeEach, mock, test} from "node:test";
import assert from "node:assert/strict";
import {Client} from "../../static/client/client.js";
import {times} from "../../static/client/connection.js";
import {Wire, room, said, settle} from "./wire.js";

let wire, client, states;

beforeEach(() => {
  mock.timers.enable({apis: ["setTimeout", "Date"], now: 1_000_000});
  wire = new Wire();
  client = new Client({room: "go-101", token: "t1", lang: "zh-CN", origin: "https://school.example", WebSocket: wire.WebSocket, random: () => 0.5});
  states = [];
  client.on("@state", ({state, code}) => states.push(code ? `${state} ${code}` : state));
});

afterEach(() => {
  client.close();
  mock.timers.reset();
});

/** Connects and is welcomed. */
async function enter(data) {
  client.connect();
  await settle();
  const hello = wire.last.welcome(data);
  await settle();
  return hello;
}

/** Lets time pass until the next socket is dialled. */
async function redial(ms = 30_000) {
  const before = wire.sockets.length;
  mock.timers.tick(ms);
  await settle();
  assert.equal(wire.sockets.length, before + 1, "one new socket");
}

const chat = () => client.state.room.chat.map((m) => m.id);

test("it says hello on the right socket and is welcome", async () => {
  const hello = await enter({seq: 10});
  assert.deepEqual(hello, {token: "t1", lang: "zh-CN"});
  assert.equal(wire.last.socket.url, "wss://school.example/v1/rooms/go-101/socket");
  assert.equal(wire.last.socket.protocol, "lyceum.v1");
  assert.deepEqual(states, ["connecting", "open"]);
  assert.equal(client.state.room.title, "Go");

  const admin = new Client({room: "go-101", token: "t", admin: true, origin: "http://localhost:8080", WebSocket: wire.WebSocket});
  admin.connect();
  assert.equal(wire.last.socket.url, "ws://localhost:8080/v1/rooms/go-101/admin");
  admin.close();
});

test("a frame may be one message or many, and tells of a change once", async () => {
  await enter();
  const changes = [];
  const heard = [];
  client.on("@change", ({parts}) => changes.push([...parts].join()));
  client.on("chat.said", ({id}) => heard.push([id, chat().at(-1)]));
  wire.last.say(said(11, 10));
  wire.last.say(said(12, 11), said(13, 12), {type: "room.presence", data: {count: 9}});
  wire.last.say({type: "chat.reactions", data: {counts: {"👍": 1}}});
  assert.deepEqual(chat(), [11, 12, 13]);
  assert.deepEqual(heard, [[11, 11], [12, 12], [13, 13]], "the state already holds what is told");
  assert.deepEqual(changes, ["chat", "chat,people"]);
});

test("a command is answered, or refused with its code", async () => {
  await enter();
  const good = client.command("chat.say", {text: "hi"});
  const bad = client.command("chat.say", {text: "again"});
  const [first, second] = wire.last.take();
  assert.equal(first.type, "chat.say");
  assert.match(first.key, /^[0-9a-f-]{36}$/);
  assert.notEqual(first.key, second.key);
  wire.last.refuse(second.id, {code: "chat.slow", text: "slowly", retry_ms: 4000});
  wire.last.ok(first.id, {seq: 11});
  assert.deepEqual(await good, {seq: 11});
  await assert.rejects(bad, {code: "chat.slow", retryMs: 4000, text: "slowly"});
});

test("a command that lost its socket is sent again under its key, and a query is not", async () => {
  await enter();
  const command = client.command("qa.ask", {text: "why?"});
  const query = client.request("people.list");
  const [before] = wire.last.take();
  wire.last.end(1006);
  await assert.rejects(query, {code: "client.offline"});
  await assert.rejects(client.request("people.list"), {code: "client.offline"});
  const later = client.command("chat.say", {text: "offline"});
  await redial();
  wire.last.welcome();
  const [again, queued] = wire.last.take();
  assert.deepEqual([again.type, again.key], ["qa.ask", before.key]);
  assert.equal(queued.type, "chat.say");
  wire.last.ok(again.id, {seq: 12});
  wire.last.ok(queued.id, {seq: 13});
  assert.deepEqual([await command, await later], [{seq: 12}, {seq: 13}]);
  wire.last.end(1006);
  await redial();
  wire.last.welcome();
  assert.deepEqual(wire.last.take(), [], "what was answered is not sent again");
});

test("a busy room is asked again under the same key", async () => {
  await enter();
  const command = client.command("chat.say", {text: "hi"});
  const [first] = wire.last.take();
  wire.last.refuse(first.id, {code: "wire.busy", text: "busy"});
  mock.timers.tick(1000);
  const [again] = wire.last.take();
  assert.equal(again.key, first.key);
  wire.last.ok(again.id, {seq: 11});
  assert.deepEqual(await command, {seq: 11});
});

test("what is not answered in its time is given up", async () => {
  await enter();
  const query = assert.rejects(client.request("mod.audit"), {code: "client.timeout"});
  mock.timers.tick(10_000);
  await query;
  const command = assert.rejects(client.command("chat.say", {text: "x"}), {code: "client.timeout"});
  for (let i = 0; i < 6; i++) {
    mock.timers.tick(10_000);
    wire.last.say({type: "room.presence", data: {count: i}});
  }
  await command;
});

test("what is too long is refused here, before it would close the socket", async () => {
  await enter();
  await assert.rejects(client.command("chat.say", {text: "字".repeat(30_000)}), {code: "client.size"});
  assert.deepEqual(wire.last.take(), []);
});

test("a reconnection resumes after the last view seen", async () => {
  await enter({seq: 10});
  wire.last.say(said(12, 10));
  wire.last.end(4000);
  await redial();
  assert.deepEqual(states.slice(-1), ["reconnecting 4000"]);
  const hello = wire.last.welcome({seq: 15, resumed: true, room: undefined});
  assert.deepEqual(hello.after, {epoch: "k3", seq: 12});
  wire.last.say(said(14, 12), said(15, 14));
  wire.last.say(said(17, 15));
  assert.deepEqual(chat(), [12, 14, 15, 17]);
  assert.equal(wire.sockets.length, 2);
});

test("a resumed welcome may stand later than the last view, with nothing missed", async () => {
  await enter({seq: 10});
  wire.last.end(4000);
  await redial();
  wire.last.welcome({seq: 15, resumed: true, room: undefined});
  wire.last.say(said(16, 15));
  assert.deepEqual(chat(), [16]);
  assert.equal(client.state.connection.state, "open");
});

test("a view that was seen is passed over; after a gap a new socket asks for what is missing", async () => {
  await enter({seq: 10});
  wire.last.say(said(11, 10));
  wire.last.say(said(11, 10, "twice"));
  wire.last.say(said(14, 13, "too early"), said(15, 14));
  assert.deepEqual(chat(), [11]);
  assert.equal(client.state.connection.state, "reconnecting");
  await redial();
  const hello = wire.last.welcome({seq: 15, resumed: true, room: undefined});
  assert.equal(hello.after.seq, 11);
  wire.last.say(said(13, 11), said(14, 13), said(15, 14));
  assert.deepEqual(chat(), [11, 13, 14, 15]);
});

test("any way of losing sockets shows every view once and in order", async () => {
  // A naive server: views 1..200; each socket gets what follows the client's
  // place, in frames of random size, and is cut off, or skips one, at random.
  let random = 12345;
  const dice = (n) => (random = (random * 1103515245 + 12345) % 2147483648) % n;
  await enter({seq: 0, room: {...room, chat: []}});
  const seen = [];
  client.on("chat.said", ({id}) => seen.push(id));
  let at = 0;
  for (let guard = 0; seen.at(-1) !== 200 && guard < 2000; guard++) {
    const n = 1 + dice(5);
    const views = [];
    for (let i = 0; i < n && at < 200; i++, at++) views.push(said(at + 1, at));
    if (views.length > 0) wire.last.say(...views);
    if (dice(6) === 0) at++; // a view is lost on the way
    if (at >= 200 || dice(8) === 0) wire.last.end(1006);
    if (client.state.connection.state === "reconnecting") {
      await redial();
      const {after} = wire.last.welcome({seq: 200, resumed: true, room: undefined});
      at = after.seq;
    }
  }
  assert.deepEqual(seen, Array.from({length: 200}, (_, i) => i + 1));
});

test("close codes say whether to come back", async () => {
  for (const code of [1001, 1006, 1011, 4000, 4001, 4002, 4003, 4004, 4005, 4499]) {
    await enter();
    wire.last.end(code);
    assert.deepEqual(client.state.connection, {state: "reconnecting", code});
    client.close();
  }
  for (const code of [1003, 1007, 1009, 4500, 4501, 4502, 4503, 4504, 4505, 4999]) {
    await enter();
    const waiting = client.command("chat.say", {text: "x"});
    wire.last.end(code);
    assert.deepEqual(client.state.connection, {state: "closed", code});
    await assert.rejects(waiting, {code: "client.closed"});
    await assert.rejects(client.command("chat.say", {text: "y"}), {code: "client.closed"});
    const sockets = wire.sockets.length;
    mock.timers.tick(120_000);
    assert.equal(wire.sockets.length, sockets, `no socket after ${code}`);
  }
});

test("a welcome unasked is a fresh snapshot on the same socket", async () => {
  await enter({seq: 10});
  wire.last.say(said(11, 10));
  const welcomes = [];
  client.on("@welcome", () => welcomes.push("again"));
  wire.last.say({type: "welcome", data: {you: {...client.state.you, role: "moderator"}, epoch: "k3", seq: 14, now: 0, resumed: false, room: {...room, chat: [], banned: []}}});
  assert.equal(client.state.you.role, "moderator");
  assert.deepEqual([chat(), client.state.room.banned], [[], []]);
  wire.last.say(said(15, 14));
  assert.deepEqual(chat(), [15]);
  assert.deepEqual(welcomes, [], "the connection is the same");
  assert.equal(wire.sockets.length, 1);
});

test("the waits double up to thirty seconds and start again after a good while", async () => {
  wire.up = false;
  client.connect();
  await settle();
  const waits = [];
  for (let i = 0; i < 8; i++) {
    const sockets = wire.sockets.length;
    let ms = 0;
    for (; wire.sockets.length === sockets; ms += 100) mock.timers.tick(100);
    waits.push(ms);
    await settle();
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  wire.up = true;
  mock.timers.tick(15_000);
  await settle();
  wire.last.welcome();
  mock.timers.tick(times.settled);
  wire.last.end(1006);
  await redial(500);
});

/** How long it takes until the next socket is dialled. */
function wait(most = 60_000) {
  const before = wire.sockets.length;
  let ms = 0;
  for (; wire.sockets.length === before && ms < most; ms++) mock.timers.tick(1);
  return ms;
}

test("a server that closes says when to come back, and nobody comes before", async () => {
  await enter({seq: 10});
  const heard = [];
  client.on("server.closing", ({retry_ms}) => heard.push(retry_ms));
  wire.last.say({type: "server.closing", data: {retry_ms: 7300}});
  mock.timers.tick(300);
  wire.last.end(4000);
  assert.equal(wait(), 7000, "counted from when it was said");
  assert.deepEqual(heard, [7300]);
  await settle();
  const hello = wire.last.welcome({seq: 10, resumed: true, room: undefined});
  assert.deepEqual(hello.after, {epoch: "k3", seq: 10});
  wire.last.end(1006);
  assert.equal(wait(), 500, "the advice was for once");
});

test("a hello that is refused for now is repeated when the server said", async () => {
  client.connect();
  for (const retry_ms of [1234, 25_000]) {
    await settle();
    const [hello] = wire.last.take();
    wire.last.refuse(hello.id, {code: "wire.busy", text: "busy", retry_ms});
    wire.last.end(4000);
    assert.equal(client.state.connection.state, "reconnecting");
    assert.equal(wait(), retry_ms);
  }
  wire.up = false;
  wire.last.end(1006);
  assert.equal(wait(), 500, "without a word of the server's it is the usual wait");
});

test("advice that is none, or without end, is not taken", async () => {
  for (const retry_ms of [undefined, null, "5000", -1, NaN]) {
    client.connect();
    await settle();
    const [hello] = wire.last.take();
    wire.last.refuse(hello.id, {code: "wire.busy", text: "busy", retry_ms});
    wire.last.end(4000);
    assert.equal(wait(), 500, `after ${retry_ms}`);
    client.close();
  }
  await enter();
  wire.last.say({type: "server.closing", data: {retry_ms: 1e12}});
  wire.last.end(4000);
  mock.timers.tick(times.advised - 1);
  const before = wire.sockets.length;
  mock.timers.tick(1);
  assert.equal(wire.sockets.length, before + 1);
});

test("a page that is looked at again waits for the server's time all the same", async () => {
  const page = new EventTarget();
  Object.assign(globalThis, {window: new EventTarget(), document: Object.assign(page, {visibilityState: "visible"})});
  try {
    await enter();
    wire.last.say({type: "server.closing", data: {retry_ms: 9000}});
    wire.last.end(4000);
    page.dispatchEvent(new Event("visibilitychange"));
    assert.equal(wait(), 9000);
    await settle();
    wire.last.end(1006);
    const before = wire.sockets.length;
    page.dispatchEvent(new Event("visibilitychange"));
    assert.equal(wire.sockets.length, before + 1, "without advice it hurries");
  } finally {
    delete globalThis.window;
    delete globalThis.document;
  }
});

test("it pings what is silent, keeps time by the answers, and leaves what is dead", async () => {
  await enter({now: 5_000_000});
  assert.equal(client.now(), 5_000_000);
  mock.timers.tick(times.ping - 1);
  assert.deepEqual(wire.last.take(), []);
  wire.last.say({type: "room.presence", data: {count: 2}});
  mock.timers.tick(1);
  const [ping] = wire.last.take();
  assert.equal(ping.type, "ping", "hearing others does not keep the server from forgetting us");
  assert.equal(ping.key, undefined);
  mock.timers.tick(400);
  wire.last.ok(ping.id, {now: 9_000_000});
  assert.equal(client.now(), 5_020_400, "a slow answer is worse than the welcome");

  mock.timers.tick(times.ping);
  mock.timers.tick(times.answer);
  assert.deepEqual(client.state.connection, {state: "reconnecting", code: 1006});
  await redial();
});

test("a server that never says welcome is left", async () => {
  client.connect();
  await settle();
  mock.timers.tick(times.welcome);
  assert.equal(client.state.connection.state, "reconnecting");
  await redial();
});

test("leaving rejects what waits and sends nothing more", async () => {
  await enter();
  const command = client.command("chat.say", {text: "x"});
  const socket = wire.last;
  client.close();
  await assert.rejects(command, {code: "client.closed"});
  assert.equal(socket.socket.closedWith, 1000);
  mock.timers.tick(120_000);
  assert.equal(wire.sockets.length, 1);
  assert.deepEqual(states, ["connecting", "open", "closed 1000"]);
});
