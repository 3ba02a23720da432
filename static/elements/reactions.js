// @ts-check
import {reactions} from "../client/protocol.js";
import {t} from "../i18n.js";
import {h, svg, View} from "./dom.js";
import {send} from "./intents.js";

const pictures = new URL("../icons/reactions.svg", import.meta.url).pathname;

/** Our own picture of a reaction, the same on every system. @param {string} emoji */
export function reactionPicture(emoji) {
  const at = reactions.indexOf(emoji);
  if (at < 0) return document.createTextNode(emoji); // a newer server's
  return svg("svg", {class: "reaction-picture", "aria-hidden": "true", focusable: "false"}, svg("use", {href: `${pictures}#reaction-${at}`}));
}

/**
 * <reaction-bar> sends "chat-react"; the one pressed hops.
 * @extends {View<{disabled?: boolean}>}
 */
export class ReactionBar extends View {
  build() {
    this.classList.add("reactions");
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", t("reactions.label"));
    for (const emoji of reactions) {
      const button = h("button", {type: "button", class: "reaction", aria: {label: t(`reaction.${emoji}`)}, title: t(`reaction.${emoji}`)}, reactionPicture(emoji));
      button.onclick = () => {
        button.classList.remove("reaction--sent");
        void button.offsetWidth; // begins the animation anew
        button.classList.add("reaction--sent");
        send(this, "chat-react", {emoji}).catch(() => {});
      };
      this.append(button);
    }
  }

  /** @param {{disabled?: boolean}} view */
  update({disabled}) {
    for (const button of this.querySelectorAll("button")) button.disabled = Boolean(disabled);
  }
}

const most = 24; // floating at once: enough for applause, little for a phone

/**
 * <reaction-sky> lets reactions rise over the stage. burst() is called with
 * each chat.reactions signal.
 */
export class ReactionSky extends HTMLElement {
  connectedCallback() {
    this.setAttribute("aria-hidden", "true");
  }

  /** @param {Record<string, number>} counts */
  burst(counts) {
    for (const [emoji, count] of Object.entries(counts)) {
      for (let i = 0; i < Math.min(count, 6) && this.childElementCount < most; i++) {
        const node = h("span", {class: "float", style: {
          "--x": `${4 + Math.random() * 88}%`, "--sway": `${Math.round(Math.random() * 40 - 20)}px`,
          "--late": `${Math.round(Math.random() * 500)}ms`, "--size": `${1.5 + Math.random()}rem`,
        }}, reactionPicture(emoji));
        node.addEventListener("animationend", () => node.remove());
        this.append(node);
      }
    }
  }
}

customElements.define("reaction-bar", ReactionBar);
customElements.define("reaction-sky", ReactionSky);
