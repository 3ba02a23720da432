// @ts-check
// Short messages at the foot of the page, and what is only said aloud. Both
// are announced by screen readers; neither takes the focus.

import {h} from "./dom.js";

/** @type {HTMLElement | undefined} */
let shelf;

function toasts() {
  if (!shelf) {
    shelf = h("div", {class: "toasts", popover: "manual", role: "status", aria: {live: "polite"}});
    document.body.append(shelf);
  }
  // Shown anew, it lies above a dialog that has opened meanwhile.
  if (shelf.matches(":popover-open")) shelf.hidePopover();
  shelf.showPopover();
  return shelf;
}

/**
 * Shows a message for a few seconds, longer where there is something to do.
 * @param {string} text
 * @param {{kind?: "danger", action?: string, onAction?: () => void, seconds?: number}} [options]
 * @returns {() => void} takes it away
 */
export function toast(text, {kind, action, onAction, seconds = action ? 8 : 5} = {}) {
  const node = h("div", {class: kind ? `toast toast--${kind}` : "toast"}, h("span", null, text));
  const close = () => {
    clearTimeout(timer);
    node.remove();
    if (shelf && !shelf.childElementCount && shelf.matches(":popover-open")) shelf.hidePopover();
  };
  if (action) {
    node.append(h("button", {type: "button", class: "toast__action", onclick: () => {
      close();
      onAction?.();
    }}, action));
  }
  const place = toasts();
  place.append(node);
  while (place.childElementCount > 3) place.firstElementChild?.remove();
  const timer = setTimeout(close, seconds * 1000);
  return close;
}

/** @type {Map<string, HTMLElement>} */
const voices = new Map();

/**
 * Says text to screen readers only.
 * @param {string} text
 * @param {"polite" | "assertive"} [urgency]
 */
export function announce(text, urgency = "polite") {
  let voice = voices.get(urgency);
  if (!voice) {
    voice = h("div", {class: "sr-only", role: urgency === "polite" ? "status" : "alert", aria: {live: urgency}});
    document.body.append(voice);
    voices.set(urgency, voice);
  }
  voice.replaceChildren(h("p", null, text)); // a new node: the same words are said again
}
