// @ts-check
/** @import {Points} from "../client/protocol.js" */
import {number, t} from "../i18n.js";
import {aria, h, icon, text, View} from "./dom.js";
import {announce} from "./toast.js";

/**
 * <points-chip> shows the balance; a gain counts up and floats away. It sends
 * "points-open" when it is pressed.
 * @extends {View<Points>}
 */
export class PointsChip extends View {
  /** @type {Points | undefined} */ #shown;

  build() {
    this.balance = h("span", {class: "numeric"});
    this.button = h("button", {type: "button", class: "chip points", onclick: () =>
      this.dispatchEvent(new CustomEvent("points-open", {bubbles: true}))}, icon("points"), this.balance);
    this.append(this.button);
    this.#shown = undefined;
  }

  /** @param {Points} points */
  update(points) {
    if (!this.balance || !this.button || this.#shown === points) return;
    const first = this.#shown === undefined;
    this.#shown = points;
    text(this.balance, number(points.balance));
    aria(this.button, "label", t("points.balance", {n: points.balance}));
    this.button.title = t("points.open");
    if (first || points.gained <= 0) return;
    const gain = h("span", {class: "points__gain numeric", aria: {hidden: "true"}}, `+${number(points.gained)}`);
    gain.addEventListener("animationend", () => gain.remove());
    this.append(gain);
    this.button.classList.remove("points--gained");
    void this.button.offsetWidth; // begins the animation anew
    this.button.classList.add("points--gained");
    announce(t("points.gained", {n: points.gained, why: t(`points.rule.${points.rule}`)}));
  }
}

customElements.define("points-chip", PointsChip);
