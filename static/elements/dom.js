// @ts-check
// Small tools that every element is made with: building nodes from text and
// never from markup, lists that keep their nodes, and the base of the elements.

import {onLang} from "../i18n.js";

/** @typedef {Node | string | null | undefined | false} Child */
/**
 * @typedef {Omit<Record<string, any>, "aria" | "data" | "style"> & {
 *   aria?: Record<string, string | number | boolean | null | undefined>,
 *   data?: Record<string, string | number>,
 *   style?: Record<string, string>,
 * }} Props
 */

/**
 * @typedef {{
 *   <K extends keyof HTMLElementTagNameMap>(name: K, props?: Props | null, ...children: Child[]): HTMLElementTagNameMap[K],
 *   (name: string, props?: Props | null, ...children: Child[]): HTMLElement,
 * }} Make
 */

/**
 * Makes an element with properties and children. Keys that begin with "on"
 * listen; aria, data and style are written one by one; what the element has as
 * a property is set as one, the rest as an attribute. Text stays text.
 */
export const h = /** @type {Make} */ ((/** @type {string} */ name, /** @type {Props | null} */ props, /** @type {Child[]} */ ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(props ?? {})) set(node, key, value);
  for (const child of children) if (child) node.append(child);
  return node;
});

/** @param {any} node @param {string} key @param {any} value */
function set(node, key, value) {
  if (value === undefined || value === null) return;
  if (key === "aria") for (const [k, v] of Object.entries(value)) aria(node, k, v);
  else if (key === "data") Object.assign(node.dataset, value);
  else if (key === "style") for (const [k, v] of Object.entries(value)) node.style.setProperty(k, v);
  else if (key === "class") node.className = value;
  else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else if (key in node && !["list", "form", "role"].includes(key)) node[key] = value;
  else if (value !== false) node.setAttribute(key, value === true ? "" : String(value));
}

/**
 * Sets or, with null, undefined or "", takes away an ARIA attribute.
 * @param {Element} node
 * @param {string} name without "aria-"
 * @param {string | number | boolean | null | undefined} value
 */
export function aria(node, name, value) {
  const full = `aria-${name.toLowerCase()}`;
  if (value === null || value === undefined || value === "") node.removeAttribute(full);
  else if (node.getAttribute(full) !== String(value)) node.setAttribute(full, String(value));
}

/**
 * Sets a node's text only if it differs, so that nothing is announced twice
 * and a selection survives.
 * @param {Element} node
 * @param {string} text
 */
export function text(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {Element} node @param {string} name @param {unknown} on */
export function flag(node, name, on) {
  node.classList.toggle(name, Boolean(on));
}

const ns = "http://www.w3.org/2000/svg";

/**
 * A node of an SVG drawing.
 * @param {string} name
 * @param {Record<string, string | number>} [attributes]
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function svg(name, attributes = {}, ...children) {
  const node = /** @type {SVGElement} */ (document.createElementNS(ns, name));
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.append(...children);
  return node;
}

const sprite = new URL("../icons/sprite.svg", import.meta.url).pathname;

/** A picture from icons/sprite.svg, hidden from screen readers. @param {string} name */
export function icon(name) {
  return svg("svg", {class: "icon", "aria-hidden": "true", focusable: "false"}, svg("use", {href: `${sprite}#${name}`}));
}

/** Shows another picture in an icon. @param {Element} node @param {string} name */
export function setIcon(node, name) {
  const use = node.querySelector("use");
  if (use && use.getAttribute("href") !== `${sprite}#${name}`) use.setAttribute("href", `${sprite}#${name}`);
}

/**
 * A round button with only a picture; its label is for everybody who cannot
 * see it, and its tooltip.
 * @param {string} name of the icon
 * @param {string} label
 * @param {Props} [props]
 */
export function iconButton(name, label, props = {}) {
  return h("button", {type: "button", class: "btn btn--icon btn--quiet", title: label, ...props,
    aria: {label, ...props.aria}}, icon(name));
}

/**
 * Makes container's children stand for items, in order: nodes of items that
 * stay are kept (with their focus and animations), moved only if they must be,
 * and brought up to date.
 * @template T
 * @param {Element} container
 * @param {readonly T[]} items
 * @param {(item: T) => string | number} key
 * @param {(item: T) => HTMLElement} create
 * @param {(node: any, item: T, index: number) => void} [update]
 */
export function keyed(container, items, key, create, update) {
  /** @type {Map<string, HTMLElement>} */
  const old = new Map();
  for (const node of container.children) {
    if (node instanceof HTMLElement && node.dataset.key !== undefined) old.set(node.dataset.key, node);
  }
  /** @type {Element | null} */
  let at = container.firstElementChild;
  items.forEach((item, index) => {
    const name = String(key(item));
    let node = old.get(name);
    old.delete(name);
    if (!node) {
      node = create(item);
      node.dataset.key = name;
    }
    update?.(node, item, index);
    if (node === at) at = at.nextElementSibling;
    else container.insertBefore(node, at);
  });
  for (const node of old.values()) node.remove();
}

/**
 * Whether two views show the same: what has not changed keeps its identity.
 * @param {any} a
 * @param {any} b
 */
function alike(a, b) {
  if (a === b) return true;
  if (!a || !b || typeof a !== "object" || typeof b !== "object") return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

/**
 * The base of our elements. A view comes in as a property; build() lays out
 * the frame once (and again when the language changes); update() writes the
 * view into it. Nothing else is remembered: the server's view is the truth.
 * @template V
 */
export class View extends HTMLElement {
  /** @type {V | undefined} */ #view;
  #built = false;
  /** @type {(() => void) | undefined} */ #quiet;

  /** @param {V} view */
  set view(view) {
    const same = this.#view !== undefined && alike(this.#view, view);
    this.#view = view;
    if (!same) this.refresh();
  }

  /** @returns {V} */
  get view() {
    return /** @type {V} */ (this.#view);
  }

  connectedCallback() {
    this.#quiet = onLang(() => {
      this.#built = false;
      this.refresh();
    });
    this.refresh();
  }

  disconnectedCallback() {
    this.#quiet?.();
  }

  /** Draws the present view again. */
  refresh() {
    if (!this.isConnected) return;
    if (!this.#built) {
      this.#built = true;
      this.replaceChildren();
      this.build();
    }
    if (this.#view !== undefined) this.update(this.#view);
  }

  /** Lays out what does not depend on the view. */
  build() {}

  /** Writes the view. @param {V} _view */
  update(_view) {}
}
