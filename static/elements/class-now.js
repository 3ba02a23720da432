// @ts-check
import {t} from "../i18n.js";
import {h, icon, iconButton, text, View} from "./dom.js";
import {catalogue} from "./catalogue.js";
import {send} from "./intents.js";
import {where} from "./item-card.js";

/** @typedef {{segment: string, topic: string, pinned: string, staff: boolean}} NowView */

/**
 * <class-now> says under the head of a class what goes on: the part of the
 * class, what it is about, and what is pinned from the catalogue, with a link.
 * Staff may take each away ("room-segment", "room-topic", "shelf-pin"); who
 * opens what is pinned says so ("suggest-click").
 * @extends {View<NowView>}
 */
export class ClassNow extends View {
  #pinned = "";

  build() {
    this.classList.add("class-now");
    this.#pinned = "";
    const part = (/** @type {string} */ picture, /** @type {string} */ label, /** @type {HTMLElement} */ value, /** @type {() => object} */ clear, /** @type {string} */ type) =>
      h("span", {class: "class-now__part", hidden: true}, icon(picture), h("span", {class: "sr-only"}, t(label)), value,
        iconButton("close", t("now.clear", {what: t(label)}), {class: "btn btn--icon btn--quiet btn--small",
          onclick: () => send(this, type, clear()).catch(() => {})}));
    this.link = h("a", {class: "class-now__text", target: "_blank", rel: "noopener", onclick: () => {
      send(this, "suggest-click", {item: this.view.pinned}).catch(() => {});
    }});
    this.segment = part("flag", "now.segment", h("strong", {class: "class-now__text"}), () => ({segment: ""}), "room-segment");
    this.topic = part("chat", "now.topic", h("span", {class: "class-now__text"}), () => ({topic: ""}), "room-topic");
    this.pinned = part("pin", "now.pinned", this.link, () => ({item: ""}), "shelf-pin");
    this.setAttribute("role", "status"); // what changes is announced
    this.append(this.segment, this.topic, this.pinned);
  }

  /** @param {NowView} view */
  update({segment, topic, pinned, staff}) {
    const {link} = this;
    if (!link || !this.segment || !this.topic || !this.pinned) return;
    for (const [node, value] of /** @type {[HTMLElement, string][]} */ ([[this.segment, segment], [this.topic, topic], [this.pinned, pinned]])) {
      node.hidden = !value;
      /** @type {HTMLElement} */ (node.lastElementChild).hidden = !staff;
      if (node !== this.pinned) text(/** @type {Element} */ (node.querySelector(".class-now__text")), value);
    }
    this.hidden = !segment && !topic && !pinned;
    if (pinned === this.#pinned) return;
    this.#pinned = pinned;
    text(link, pinned);
    link.removeAttribute("href");
    if (pinned) void catalogue().then((items) => this.#named(items.find(({id}) => id === pinned)));
  }

  /** @param {import("../client/protocol.js").Item | undefined} item */
  #named(item) {
    if (!item || item.id !== this.view.pinned || !this.link) return;
    text(this.link, item.title);
    this.link.href = where(item);
  }
}

customElements.define("class-now", ClassNow);
