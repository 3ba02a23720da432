// @ts-check
import {aria, flag, h, icon, keyed, text, View} from "./dom.js";
import {number} from "../i18n.js";

/** @typedef {{id: string, label: string, icon?: string, count?: number, fresh?: boolean}} Tab */

/**
 * <tab-bar> is a strip of tabs (role tablist, arrow keys). It sends
 * "tab-pick" {id}; the page shows the panel with the id "panel-<id>".
 * @extends {View<{tabs: Tab[], active: string, label: string}>}
 */
export class TabBar extends View {
  build() {
    this.classList.add("tabs");
    this.setAttribute("role", "tablist");
    this.onkeydown = (event) => {
      const tabs = /** @type {HTMLElement[]} */ ([...this.children]);
      const at = tabs.findIndex((tab) => tab === document.activeElement);
      const to = {ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1}[event.key];
      if (to === undefined || at < 0) return;
      event.preventDefault();
      const next = tabs[to % tabs.length];
      next.focus();
      next.click();
    };
  }

  /** @param {{tabs: Tab[], active: string, label: string}} view */
  update({tabs, active, label}) {
    aria(this, "label", label);
    keyed(this, tabs, (tab) => tab.id, (tab) => this.#tab(tab), (node, tab) => {
      const picked = tab.id === active;
      aria(node, "selected", picked);
      node.tabIndex = picked ? 0 : -1;
      text(node.querySelector(".tab__label"), tab.label);
      const count = node.querySelector(".tab__count");
      count.hidden = !tab.count;
      text(count, tab.count && tab.count > 9999 ? "9999+" : number(tab.count ?? 0));
      flag(count, "tab__count--new", tab.fresh && !picked);
    });
  }

  /** @param {Tab} tab */
  #tab(tab) {
    return h("button", {type: "button", class: "tab", role: "tab", id: `tab-${tab.id}`, aria: {controls: `panel-${tab.id}`},
      onclick: () => this.dispatchEvent(new CustomEvent("tab-pick", {bubbles: true, detail: {id: tab.id}}))},
      tab.icon ? icon(tab.icon) : null, h("span", {class: "tab__label"}), h("span", {class: "tab__count numeric"}));
  }
}

customElements.define("tab-bar", TabBar);
