import {test} from "node:test";
import assert from "node:assert/strict";
import {Client} from "../../static/client/client.js";
import {unique} from "../../static/client/unique.js";
import {Wire, settle} from "./wire.js";

test("names are UUIDs, each another", () => {
  const names = Array.from({length: 1000}, unique);
  assert.equal(new Set(names).size, 1000);
  for (const name of names) assert.match(name, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("a page without HTTPS, where there is no crypto.randomUUID, sends commands", async (t) => {
  Object.defineProperty(crypto, "randomUUID", {value: undefined, configurable: true});
  t.after(() => delete crypto.randomUUID); // the prototype's is seen again
  const wire = new Wire();
  const client = new Client({room: "go-101", token: "t", origin: "http://192.0.2.7:8080", WebSocket: wire.WebSocket});
  t.after(() => client.close());
  client.connect();
  await settle();
  wire.last.welcome();
  await settle();
  client.command("chat.say", {text: "hi"}).catch(() => {});
  await settle();
  const said = wire.last.heard.at(-1);
  assert.equal(said.type, "chat.say");
  assert.equal(said.key.length, 36);
});
