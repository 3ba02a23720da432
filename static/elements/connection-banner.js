// @ts-check
import {t} from "../i18n.js";
import {h, icon, setIcon, text, View} from "./dom.js";

/** @typedef {{state: "connecting" | "open" | "reconnecting" | "closed", code: number, denied?: boolean}} ConnectionLine */

/**
 * <connection-banner> says that the class cannot be reached at the moment, and
 * nothing while it can.
 * @extends {View<ConnectionLine>}
 */
export class ConnectionBanner extends View {
  #timer = 0;

  build() {
    this.classList.add("banner");
    this.setAttribute("role", "status");
    this.spin = h("span", {class: "spinner", aria: {hidden: "true"}});
    this.sign = icon("offline");
    this.words = h("span");
    this.append(this.sign, this.words, this.spin);
    this.hidden = true;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  /** @param {ConnectionLine} view */
  update({state, code}) {
    if (!this.words || !this.spin || !this.sign) return;
    const offline = !navigator.onLine;
    clearTimeout(this.#timer);
    this.spin.hidden = state === "closed";
    setIcon(this.sign, state === "closed" ? "alert" : "offline");
    this.classList.toggle("banner--danger", state === "closed");
    if (state === "closed") text(this.words, t(code === 4500 ? "connection.replaced" : "connection.closed"));
    else text(this.words, t(offline ? "connection.offline" : "connection.again"));
    if (state === "open" || state === "connecting" || (state === "closed" && code === 1000)) this.hidden = true;
    else if (state === "closed") this.hidden = false;
    else this.#timer = window.setTimeout(() => (this.hidden = false), 800); // a blink is not worth a word
  }
}

customElements.define("connection-banner", ConnectionBanner);
