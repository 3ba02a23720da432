// @ts-check
// Dialogs: a head with a title and a way out, a body, a foot. The browser
// keeps the focus inside and gives it back.

import {unique} from "../client/unique.js";
import {h, iconButton} from "../elements/dom.js";
import {t} from "../i18n.js";

/**
 * Opens a modal dialog.
 * @param {object} options
 * @param {string} options.title
 * @param {Node[]} options.body
 * @param {Node[]} [options.foot]
 * @param {string} [options.look] a class
 * @param {() => void} [options.onclose]
 * @returns {HTMLDialogElement}
 */
export function openDialog({title, body, foot = [], look = "", onclose}) {
  const id = `dialog-${unique()}`;
  const dialog = h("dialog", {class: `dialog ${look}`, aria: {labelledby: id}},
    h("header", {class: "dialog__head"}, h("h2", {id}, title),
      iconButton("close", t("host.close"), {onclick: () => dialog.close()})),
    h("div", {class: "dialog__body stack"}, ...body),
    foot.length > 0 ? h("footer", {class: "dialog__foot"}, ...foot) : null);
  dialog.addEventListener("close", () => {
    dialog.remove();
    onclose?.();
  });
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog && outside(dialog, event)) dialog.close(); // a tap on the backdrop
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** @param {HTMLElement} node @param {PointerEvent} event */
function outside(node, {clientX, clientY}) {
  const box = node.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}

/**
 * Asks whether something that cannot be undone shall be done.
 * @param {{title: string, text: string, yes: string}} words
 * @returns {Promise<boolean>}
 */
export function confirmed({title, text, yes}) {
  return new Promise((resolve) => {
    const answer = (/** @type {boolean} */ is) => () => {
      resolve(is);
      dialog.close();
    };
    const dialog = openDialog({
      title, body: [h("p", {class: "muted"}, text)],
      foot: [h("button", {type: "button", class: "btn", autofocus: true, onclick: answer(false)}, t("host.cancel")),
        h("button", {type: "button", class: "btn btn--danger", onclick: answer(true)}, yes)],
      onclose: () => resolve(false),
    });
  });
}

/** A labelled field. @param {string} label @param {HTMLElement} control @param {string} [hint] */
export function field(label, control, hint) {
  control.id ||= `field-${unique()}`;
  return h("div", {class: "field"}, h("label", {htmlFor: control.id}, label), control, hint ? h("p", {class: "hint"}, hint) : null);
}

/**
 * A choice from a list.
 * @param {{value: string | number, label: string}[]} options
 * @param {string | number} value
 * @param {(value: string) => void} [onpick]
 */
export function select(options, value, onpick) {
  const node = h("select", {class: "select"}, ...options.map((option) =>
    h("option", {value: String(option.value), selected: String(option.value) === String(value)}, option.label)));
  node.addEventListener("change", () => onpick?.(node.value));
  return node;
}

/** A switch with its label. @param {string} label @param {boolean} on @param {(on: boolean) => void} onchange */
export function switchField(label, on, onchange) {
  const input = h("input", {type: "checkbox", role: "switch", checked: on});
  input.addEventListener("change", () => onchange(input.checked));
  return h("label", {class: "switch"}, h("span", null, label), input);
}
