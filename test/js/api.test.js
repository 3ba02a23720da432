import {afterEach, beforeEach, test} from "node:test";
import assert from "node:assert/strict";
import {createServer} from "node:http";
import * as api from "../../static/client/api.js";

// A real HTTP server on loopback; fetch is given its address, as a page's own origin would.
let server, seen, answer;
const fetched = globalThis.fetch;

beforeEach(async () => {
  seen = [];
  answer = () => [200, {}];
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    seen.push({method: request.method, url: request.url, auth: request.headers.authorization, type: request.headers["content-type"], body});
    const [status, data] = answer(request);
    response.writeHead(status, {"Content-Type": "application/json", Connection: "close"}).end(typeof data === "string" ? data : JSON.stringify(data));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const {port} = server.address();
  globalThis.fetch = (path, init) => fetched(`http://127.0.0.1:${port}${path}`, init);
});

afterEach(() => {
  globalThis.fetch = fetched;
  server.close();
});

test("a person joins, and their token travels in a header only", async () => {
  answer = () => [200, {token: "t", user: {id: "u1", name: "Ana"}, role: "viewer", expires: 1}];
  assert.equal((await api.join("go-101", {name: "Ana"})).token, "t");
  await api.points({token: "t", limit: 5});
  await api.recommendations({limit: 3, kind: "video"});
  assert.deepEqual(seen.map(({method, url, auth}) => [method, url, auth]), [
    ["POST", "/v1/rooms/go-101/join", undefined],
    ["GET", "/v1/me/points?limit=5", "Bearer t"],
    ["GET", "/v1/recommendations?limit=3&kind=video", undefined],
  ]);
  assert.deepEqual(JSON.parse(seen[0].body), {name: "Ana"});
});

test("refusals carry the server's code, whatever the server's state", async () => {
  answer = () => [403, {error: {code: "auth.claim", text: "used before"}}];
  await assert.rejects(api.claim("go-101", {secret: "s", name: "Tia"}), {status: 403, code: "auth.claim", text: "used before"});
  answer = () => [502, "<html>bad gateway"];
  await assert.rejects(api.sessions(), {status: 502, code: "http.502"});
  globalThis.fetch = () => Promise.reject(new TypeError("failed"));
  await assert.rejects(api.videos(), {status: 0, code: "http.offline"});
});

test("behaviours are posted together, once each, and again after a failure", async () => {
  const behaviors = new api.Behaviors({token: "t"});
  behaviors.add({item: "a", kind: "click"});
  behaviors.add({item: "b", kind: "watch", weight: 0.5});
  answer = () => [503, {}];
  await behaviors.flush();
  answer = () => [200, {accepted: 2, repeated: 0, rejected: []}];
  await behaviors.flush();
  await behaviors.flush();
  assert.equal(seen.length, 2);
  assert.equal(seen[0].body, seen[1].body, "with the same ids");
  const lines = seen[1].body.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({item, kind, weight}) => [item, kind, weight]), [["a", "click", undefined], ["b", "watch", 0.5]]);
  assert.ok(lines.every(({id}) => id.length === 36));
});

test("what waited for long goes in posts that the server takes", async () => {
  const behaviors = new api.Behaviors({token: "t"});
  for (let i = 0; i < 150; i++) behaviors.add({item: `i${i}`, kind: "impression"});
  await behaviors.flush();
  await behaviors.flush();
  const posts = seen.map(({body}) => body.trim().split("\n").map((line) => JSON.parse(line).item));
  assert.deepEqual(posts.map((items) => items.length), [100, 50]);
  assert.deepEqual(posts.flat(), Array.from({length: 150}, (_, i) => `i${i}`));
});
