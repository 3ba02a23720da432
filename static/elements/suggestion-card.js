// @ts-check
/** @import {Offer, Suggestion} from "../client/protocol.js" */
import {t} from "../i18n.js";
import {h, icon, iconButton, keyed, text, View} from "./dom.js";
import {send} from "./intents.js";
import "./session-poster.js";

/**
 * <suggestion-card> offers what to watch next, with the reason. A click sends
 * "suggest-click" and goes there; the cross of an item sends "suggest-dismiss",
 * and the arrow puts all away for now ("suggest-later", for the page alone).
 * @extends {View<Suggestion | null>}
 */
export class SuggestionCard extends View {
  build() {
    this.classList.add("suggestion");
    this.heading = h("h2", {class: "suggestion__title"}, icon("spark"), h("span"));
    this.list = h("ul", {class: "suggestion__list"});
    this.append(h("div", {class: "suggestion__head"}, this.heading, iconButton("chevron-down", t("suggest.later"), {class: "btn btn--icon btn--quiet btn--small",
      onclick: () => this.dispatchEvent(new CustomEvent("suggest-later", {bubbles: true}))})), this.list);
  }

  /** @param {Suggestion | null} suggestion */
  update(suggestion) {
    if (!this.heading || !this.list) return;
    const items = suggestion?.items ?? [];
    this.hidden = items.length === 0;
    text(/** @type {Element} */ (this.heading.lastElementChild), t(`suggest.${suggestion?.moment ?? "joined"}`));
    keyed(this.list, items, (item) => item.id, (item) => this.#offer(item), (node, item) => text(node.querySelector(".offer__reason"), item.reason));
  }

  /** @param {Offer} item */
  #offer(item) {
    const poster = item.poster ? h("img", {src: item.poster, alt: ""}) : /** @type {any} */ (h("session-poster", {view: {title: item.title, tags: []}}));
    const open = h("a", {class: "offer__link", href: item.url, target: item.kind === "video" ? "_blank" : undefined, rel: "noopener"}, item.title);
    open.addEventListener("click", (event) => {
      const answered = send(this, "suggest-click", {item: item.id}).catch(() => {});
      if (open.target || event.metaKey || event.ctrlKey) return;
      event.preventDefault(); // leave when the server has heard of it, or a second later
      void Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 1000))]).then(() => location.assign(item.url));
    });
    return h("li", {class: "offer"}, h("span", {class: "offer__poster"}, poster),
      h("div", {class: "offer__text"}, h("span", {class: "offer__kind"}, t(`kind.${item.kind}`)), open, h("span", {class: "offer__reason"})),
      iconButton("close", t("suggest.dismiss", {title: item.title}), {class: "btn btn--icon btn--quiet btn--small offer__close",
        onclick: () => send(this, "suggest-dismiss", {item: item.id}).catch(() => {})}));
  }
}

customElements.define("suggestion-card", SuggestionCard);
