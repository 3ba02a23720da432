// @ts-check
/** @import {QuizQuestion} from "./protocol.js" */
// Files of questions and question banks over HTTP: see the protocol. A bank is
// its owner's, whichever class they are in.

import {ApiError, call} from "./api.js";

/** A question that the bank keeps. @typedef {{id: number, at: number, question: QuizQuestion}} BankItem */
/** @typedef {{line: number, id: string, reason: string}} Skipped */
/** What a file held: notes say what was left behind of a question. @typedef {{questions: QuizQuestion[], skipped: Skipped[], notes: (Skipped & {question: number})[]}} Imported */
/** What a file does not hold of what was to be written. @typedef {{count: number, skipped: Skipped[], notes: number}} LeftOut */
/** Which questions are meant. @typedef {{q?: string, tags?: string[], type?: string}} Find */
/** @typedef {"gift" | "moodlexml" | "qti" | "xlsx" | "csv"} FileFormat */

/** The formats that can be written. @type {readonly FileFormat[]} */
export const fileFormats = Object.freeze(["gift", "moodlexml", "qti", "xlsx", "csv"]);

/** The most that is put into a bank at once, and the most bytes of a file. */
export const bounds = Object.freeze({batch: 100, file: 32 << 20});

/**
 * What a file of questions holds. Nothing is kept.
 * @param {string} room
 * @param {string} token
 * @param {Blob} file
 * @returns {Promise<Imported>}
 */
export async function readFile(room, token, file) {
  if (file.size > bounds.file) throw new ApiError(413, {code: "wire.too_long", text: "the file is too large"});
  return whole(await call("POST", `/v1/rooms/${encodeURIComponent(room)}/questions/import`, {token, body: file}));
}

/**
 * Saves questions as a file.
 * @param {string} room
 * @param {string} token
 * @param {{title: string, questions: object[], format: FileFormat}} what
 */
export const saveFile = (room, token, {title, questions, format}) =>
  save(`/v1/rooms/${encodeURIComponent(room)}/questions/export?format=${format}`, token, {title, questions});

/** The query of a search. @param {Find} find @param {Record<string, string | number | undefined>} [more] */
function query({q, tags = [], type}, more = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries({q, type, ...more})) if (value) search.set(name, String(value));
  for (const tag of tags) search.append("tag", tag);
  return search.size > 0 ? `?${search}` : "";
}

/**
 * A page of the bank's questions, newest first; next goes on with the next one, 0 where there is none.
 * @param {string} token
 * @param {Find} find
 * @param {number} [before]
 * @returns {Promise<{questions: BankItem[], total: number, next: number}>}
 */
export const find = async (token, find, before) => items(await call("GET", `/v1/bank/questions${query(find, {before, limit: 30})}`, {token}));

/** @param {string} token @returns {Promise<{tags: {tag: string, count: number}[]}>} */
export const tags = (token) => call("GET", "/v1/bank/tags", {token});

/**
 * Some of the questions that fit, at random.
 * @param {string} token
 * @param {Find} find
 * @param {number} n
 * @returns {Promise<{questions: BankItem[], of: number}>}
 */
export const draw = async (token, find, n) => items(await call("GET", `/v1/bank/draw${query(find, {n})}`, {token}));

/** Saves all questions that fit as a file. @param {string} token @param {Find} find @param {FileFormat} format @param {string} title */
export const saveBank = (token, find, format, title) => save(`/v1/bank/export${query(find, {format, title})}`, token);

/**
 * Puts questions into the bank, so many at a time; those that are there stay as they are.
 * @param {string} token
 * @param {object[]} questions as they are written
 * @returns {Promise<{questions: BankItem[], added: number, known: number}>}
 */
export async function add(token, questions) {
  const done = {questions: /** @type {BankItem[]} */ ([]), added: 0, known: 0};
  for (let i = 0; i < questions.length; i += bounds.batch) {
    const some = await call("POST", "/v1/bank/questions", {token, body: {questions: questions.slice(i, i + bounds.batch)}});
    done.questions.push(...items(some).questions);
    done.added += some.added;
    done.known += some.known;
  }
  return done;
}

/** Writes a question anew. @param {string} token @param {number} id @param {object} question @returns {Promise<BankItem>} */
export const change = async (token, id, question) => item(await call("PUT", `/v1/bank/questions/${id}`, {token, body: question}));

/** Takes a question out; the answer is what it was. @param {string} token @param {number} id @returns {Promise<BankItem>} */
export const remove = async (token, id) => item(await call("DELETE", `/v1/bank/questions/${id}`, {token}));

/** A question with the lists that are left out where they are empty. @param {any} q @returns {QuizQuestion} */
export const full = (q) => ({choices: [], correct: [], ...q});

/** @param {any} one @returns {BankItem} */
const item = (one) => ({...one, question: full(one.question)});

/** @template T @param {T & {questions: any[]}} page @returns {T & {questions: BankItem[]}} */
const items = (page) => ({...page, questions: page.questions.map(item)});

/** @param {any} read @returns {Imported} */
const whole = (read) => ({...read, questions: read.questions.map(full)});

/**
 * Has the server write a file and gives it to the person.
 * @param {string} path
 * @param {string} token
 * @param {object} [body]
 * @returns {Promise<LeftOut>}
 */
async function save(path, token, body) {
  const response = await call(body ? "POST" : "GET", path, {token, body, raw: true});
  const disposition = response.headers.get("Content-Disposition") ?? "";
  const named = /filename\*=utf-8''([^;]+)/i.exec(disposition)?.[1];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = named ? decodeURIComponent(named) : /filename="?([^";]+)"?/.exec(disposition)?.[1] ?? "questions";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it later
  const left = response.headers.get("Lyceum-Left-Out");
  return left ? JSON.parse(decodeURIComponent(left)) : {count: 0, skipped: [], notes: 0};
}
