// @ts-check
/** @import {Formula} from "./maths.js" */
// Texts that people wrote, as they are shown everywhere: text stays text, its
// formulas are drawn as MathML and, where it is asked for, its addresses can
// be followed. What draws formulas (vendor/temml.min.js) is loaded when the
// first one comes, so that a class without maths never has it.

import {lang, t} from "../i18n.js";
import {h, text} from "./dom.js";
import {hasMaths, mathPieces, mayHaveMaths, refusedTex} from "./maths.js";

/** How large a drawn formula may be: more than anybody writes, and less than what slows a page. */
const most = {nodes: 3000, depth: 120, expansions: 500, ems: 5, points: 60};

/** From how many characters of TeX on a formula may be wider than its card, and is made to be scrolled. */
const long = 48;

/** @typedef {{render(tex: string, place: Element, options: object): void}} Temml */
/** @typedef {{links?: boolean, author?: boolean}} RichOptions */

/** What is to be shown in a node, and the language it is shown in. @type {WeakMap<Element, {words: string, lang: string}>} */
const wanted = new WeakMap();

/** @type {Temml | undefined} */
let temml;
/** @type {Promise<void> | undefined} */
let loading;

/** Fetches what draws formulas, once; after a failure the next formula tries again. */
function load() {
  loading ??= Promise.all([script("../vendor/temml.min.js"), style("../vendor/temml.css"), style("../css/maths.css")]).then(() => {
    temml = /** @type {any} */ (globalThis).temml;
  }, (err) => {
    loading = undefined;
    throw err;
  });
  return loading;
}

/** @param {string} path */
const script = (path) => fetched(h("script", {src: new URL(path, import.meta.url).href}));

/** @param {string} path */
const style = (path) => fetched(h("link", {rel: "stylesheet", href: new URL(path, import.meta.url).href}));

/** Puts a node into the head and waits for what it names. @param {HTMLElement} node @returns {Promise<void>} */
function fetched(node) {
  return new Promise((resolve, reject) => {
    node.addEventListener("load", () => resolve());
    node.addEventListener("error", () => {
      node.remove();
      reject(new Error("not fetched"));
    });
    document.head.append(node);
  });
}

/**
 * A node with words of somebody in it, which run in their own direction.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {string} look its class, "" for none
 * @param {string} words
 * @returns {HTMLElementTagNameMap[K]}
 */
export function rich(name, look, words) {
  const node = h(name, {...(look && {class: look}), dir: "auto"});
  richText(node, words);
  return node;
}

/**
 * Shows words in node, as text() of dom.js does: what is shown already stays.
 * An author is told what is wrong with a formula; everybody else sees it as it
 * was written.
 * @param {Element} node
 * @param {string} words
 * @param {RichOptions} [options] the same at each call for a node
 */
export function richText(node, words, {links = false, author = false} = {}) {
  const maths = mayHaveMaths(words);
  const before = wanted.get(node);
  if (!maths && !(links && mayHaveLink(words))) {
    wanted.delete(node);
    if (before || node.textContent !== words) node.textContent = words;
    return;
  }
  if (before?.words === words && before.lang === lang) return;
  wanted.set(node, {words, lang});
  const pieces = mathPieces(words);
  node.replaceChildren(...pieces.flatMap((piece, i) => {
    if (typeof piece !== "string") return [formula(piece, node, author, pieces.length === 1)];
    const beside = (/** @type {number} */ at) => typeof pieces[at] === "object" && /** @type {Formula} */ (pieces[at]).display;
    let plain = piece; // a formula on a line of its own has its line already
    if (beside(i - 1)) plain = plain.replace(/^[^\S\n]*\n?/, "");
    if (beside(i + 1)) plain = plain.replace(/\n?[^\S\n]*$/, "");
    return links ? withLinks(plain) : [plain];
  }));
  if (temml || pieces.every((piece) => typeof piece === "string")) return;
  load().then(() => {
    if (wanted.get(node)?.words !== words) return; // something else is shown by now
    wanted.delete(node);
    richText(node, words, {links, author});
  }, () => {}); // the source stays: it can be read, too
}

/**
 * A formula, drawn. In a button all that is inside counts as its name, and a
 * name is text: there the TeX stands beside the picture.
 * @param {Formula} piece
 * @param {Element} place
 * @param {boolean} author
 * @param {boolean} alone the whole text, such as a choice: it has room
 */
function formula({tex, display, source}, place, author, alone) {
  const wide = tex.length >= long;
  const look = display ? "maths maths--display" : wide ? "maths maths--long" : "maths";
  if (!temml) return h("span", {class: look}, source);
  const {drawn, problem} = draw(temml, tex, display, alone && !display ? "\\displaystyle " : "");
  if (!drawn) {
    return h("span", {class: "maths-source"}, h("code", {}, source), author ? h("span", {class: "maths-source__hint"}, problem) : null);
  }
  const node = h("span", {class: look, dir: "ltr"}, drawn);
  if (place.closest("button, summary, label")) {
    drawn.setAttribute("aria-hidden", "true");
    node.append(h("span", {class: "sr-only"}, tex));
  } else {
    drawn.setAttribute("alttext", tex);
    if (wide) node.tabIndex = 0; // what scrolls must be reached by keyboard
  }
  return node;
}

/**
 * @param {Temml} temml
 * @param {string} tex
 * @param {boolean} display
 * @param {string} size TeX that goes before
 * @returns {{drawn?: Element, problem: string}}
 */
function draw(temml, tex, display, size) {
  const refused = refusedTex(tex);
  if (refused) return {problem: t(`maths.${refused.why}`, {at: refused.at})};
  const place = document.createElement("span");
  try {
    temml.render(size + tex, place, {displayMode: display, wrap: display ? "none" : "tex", throwOnError: true, trust: false, strict: false,
      maxExpand: most.expansions, maxSize: [most.ems, most.points]});
  } catch (err) {
    if (err instanceof RangeError) return {problem: t("maths.deep")};
    const position = Math.max(0, (/** @type {{position?: number}} */ (err).position ?? 0) - size.length);
    const command = tex.slice(0, position).search(/\\[A-Za-z]*$/); // it may point into a command's name
    return {problem: t("maths.broken", {at: [...tex.slice(command < 0 ? position : command)].slice(0, 16).join("") || tex.slice(-8)})};
  }
  const drawn = place.firstElementChild;
  return drawn && fits(drawn) ? {drawn, problem: ""} : {problem: t("maths.deep")};
}

/** Whether a drawing is small enough to be laid out. @param {Element} root */
function fits(root) {
  let nodes = 0;
  /** @param {Element} node @param {number} depth @returns {boolean} */
  const walk = (node, depth) => ++nodes <= most.nodes && depth <= most.depth && [...node.children].every((child) => walk(child, depth + 1));
  return walk(root, 1);
}

/** Whether it is worth looking for addresses. @param {string} words */
const mayHaveLink = (words) => /https?:\/\//i.test(words);

/**
 * A piece of text with its addresses as links. What would name another person
 * or a password, or is no address after all, stays text.
 * @param {string} words
 * @returns {(string | HTMLElement)[]}
 */
function withLinks(words) {
  return words.split(/(https?:\/\/[^\s<>"'“”‘’「」《》（），。；、！？]+)/i).flatMap((piece, i) => {
    if (i % 2 === 0) return piece ? [piece] : [];
    const address = trimmed(piece);
    const rest = piece.slice(address.length);
    let url;
    try {
      url = new URL(address);
    } catch {
      return [piece];
    }
    if (!/^https?:$/.test(url.protocol) || url.username || url.password) return [piece];
    return [h("a", {href: url.href, target: "_blank", rel: "noopener noreferrer nofollow"}, address), ...(rest ? [rest] : [])];
  });
}

/** An address without what ends the sentence around it. @param {string} address */
function trimmed(address) {
  const plain = address.replace(/[.,;:!?*_~]+$/, "");
  for (const [open, close] of ["()", "[]", "{}"]) {
    if (plain.endsWith(close) && plain.split(open).length < plain.split(close).length) return trimmed(plain.slice(0, -1));
  }
  return plain;
}

/** What is written in. */
const fields = "textarea, input[type=text], input:not([type])";

/**
 * Shows in place, beside the field that somebody writes in, how its formulas
 * will look and what is wrong with them.
 * @param {HTMLElement} place
 */
export function previewMaths(place) {
  const caption = h("p", {class: "small faint"});
  const words = h("div", {class: "maths-preview__text"});
  const shown = h("div", {class: "maths-preview"}, caption, words);
  const look = (/** @type {Event} */ event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (!(field instanceof HTMLElement) || !field.matches(fields)) return;
    if (!hasMaths(field.value)) return shown.remove();
    const row = field.closest("li, .field, form");
    if (row?.matches("form")) row.prepend(shown);
    else if (row?.matches(".field, .edit-choice")) row.append(shown);
    else field.after(shown);
    text(caption, t("maths.preview"));
    richText(words, field.value, {author: true});
  };
  for (const type of ["input", "focusin"]) place.addEventListener(type, look);
}
