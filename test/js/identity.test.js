// @ts-check
import assert from "node:assert/strict";
import {beforeEach, test} from "node:test";
import {forget, fromToken, identity, remember, seat, token} from "../../static/pages/identity.js";

/** What a browser keeps for a site. @type {Map<string, string>} */
const kept = new Map();
globalThis.localStorage = /** @type {any} */ ({
  getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
  setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
  removeItem: (/** @type {string} */ key) => void kept.delete(key),
});
beforeEach(() => kept.clear());

const later = Date.now() + 3_600_000;
const pass = (/** @type {string} */ token, name = "Ana", expires = later) =>
  ({token, user: {id: "u-ana", name}, role: /** @type {const} */ ("viewer"), expires});

test("a token that is refused takes no other seat with it", () => {
  remember("go-101", pass("good"));
  forget("go-101", "bad");
  assert.equal(seat("go-101")?.token, "good");
  forget("go-101", "good");
  assert.equal(seat("go-101"), null);
  assert.equal(identity()?.name, "Ana", "who somebody is outlives a seat");
});

test("a seat taken again leaves who somebody is as it was", () => {
  remember("go-101", pass("first"));
  remember("tea", pass("second", "Ana S."));
  remember("go-101", pass("first"));
  assert.equal(identity()?.name, "Ana S.");
});

test("a seat that has run out is none", () => {
  remember("go-101", pass("old", "Ana", Date.now()));
  assert.equal(seat("go-101"), null);
});

test("who came back after their seat ran out is still who they were", () => {
  remember("go-101", pass("old", "Ana", Date.now() - 86_400_000));
  assert.equal(token(), "old", "the server says how long it tells who somebody is");
});

test("a room token tells whose it is; anything else tells nothing", () => {
  const body = Buffer.from(JSON.stringify({sub: "u-li", name: "李雷", role: "moderator", exp: 1_900_000_000})).toString("base64url");
  assert.deepEqual(fromToken(`h.${body}.s`),
    {token: `h.${body}.s`, user: {id: "u-li", name: "李雷"}, role: "moderator", expires: 1_900_000_000_000});
  for (const bad of ["", "a.b.c", "no dots", `h.${Buffer.from("[1]").toString("base64url")}.s`]) assert.equal(fromToken(bad), null);
});
