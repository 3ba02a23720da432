// @ts-check
// A menu that opens from a button, with arrow keys, and goes when something
// is picked or the person looks elsewhere.

import {h, icon} from "./dom.js";

/**
 * @typedef {{label: string, icon?: string, danger?: boolean, checked?: boolean, act: () => void}
 *   | {title: string} | "line"} MenuItem
 */

/**
 * Opens a menu below (or above) button.
 * @param {HTMLElement} button
 * @param {MenuItem[]} items
 */
export function openMenu(button, items) {
  const menu = h("div", {class: "menu", popover: "auto", role: "menu"});
  for (const item of items) {
    if (item === "line") menu.append(h("hr", {class: "menu__line"}));
    else if ("title" in item) menu.append(h("div", {class: "menu__title", role: "presentation"}, item.title));
    else menu.append(entry(item));
  }

  /** @param {Exclude<MenuItem, "line" | {title: string}>} item */
  function entry(item) {
    const role = item.checked === undefined ? "menuitem" : "menuitemradio";
    return h("button", {type: "button", class: item.danger ? "menu__item menu__item--danger" : "menu__item", role,
      tabIndex: -1, aria: {checked: item.checked}, onclick: () => {
        menu.hidePopover();
        item.act();
      }}, item.icon ? icon(item.icon) : null, item.label);
  }

  menu.addEventListener("keydown", (event) => {
    const all = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll(".menu__item")]);
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = {ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1}[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[to % all.length].focus();
    } else if (event.key === "Tab") menu.hidePopover();
  });
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
    const inside = menu.contains(document.activeElement) || document.activeElement === document.body;
    button.setAttribute("aria-expanded", "false");
    menu.remove();
    if (inside && button.isConnected) button.focus();
  });

  // Inside an open dialog the menu must be a part of it, or it would be inert.
  (button.closest("dialog, :fullscreen") ?? document.body).append(menu);
  menu.showPopover();
  place(menu, button.getBoundingClientRect());
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "true");
  const first = menu.querySelector("[aria-checked=true]") ?? menu.querySelector(".menu__item");
  if (first instanceof HTMLElement) first.focus({preventScroll: true});
}

/** @param {HTMLElement} menu @param {DOMRect} anchor */
function place(menu, anchor) {
  const {width, height} = menu.getBoundingClientRect();
  const gap = 6;
  const below = anchor.bottom + gap + height <= innerHeight;
  const top = below ? anchor.bottom + gap : Math.max(gap, anchor.top - gap - height);
  const left = Math.min(Math.max(gap, anchor.right - width), innerWidth - width - gap);
  menu.style.top = `${top}px`;
  menu.style.left = `${left}px`;
}
