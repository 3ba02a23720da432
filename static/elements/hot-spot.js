// @ts-check
/** @import {Area, Media, QuizPoint} from "../client/protocol.js" */
import {number, t} from "../i18n.js";
import {flag, h, icon, svg, text, View} from "./dom.js";
import {mediaNode} from "./pictures.js";
import {announce} from "./toast.js";

/**
 * A picture to point at. point is what is placed or was answered; areas and
 * counts (cells of a grid, row by row) are known at the reveal.
 * @typedef {{name: string, media: Media, can: boolean, point?: QuizPoint, right?: boolean, areas?: Area[], counts?: number[] | null}} SpotView
 */

/** How far an arrow key goes, and with Shift. */
const step = 0.01, leap = 0.1;

/** How long a crosshair rests before its place is said. */
const rest = 250;

/** A fraction as a whole percentage. @param {number} x */
const percent = (x) => number(Math.round(x * 100));

/** A place in words. @param {QuizPoint} point */
export const pointWords = ([x, y]) => t("quiz.spot.at", {x: percent(x), y: percent(y)});

/** Areas in words. @param {Area[]} areas */
export const areaWords = (areas) => areas.map(({x, y, w, h: tall}) =>
  t("quiz.spot.area", {left: percent(x), right: percent(x + w), top: percent(y), bottom: percent(y + tall)})).join("; ");

/**
 * <hot-spot> is a picture on which a place is marked: by a tap or click, or
 * with the arrow keys, which move a crosshair, and Enter. It sends "place"
 * with the {@link QuizPoint} as its detail, and shows at the reveal what was
 * right and where others pointed.
 * @extends {View<SpotView>}
 */
export class HotSpot extends View {
  #drawn = "";
  /** Where the crosshair is. @type {QuizPoint} */
  #at = [0.5, 0.5];
  #timer = 0;

  build() {
    this.classList.add("hot-spot");
    this.picture = h("div", {class: "hot-spot__picture"});
    this.heat = svg("svg", {class: "hot-spot__heat", "aria-hidden": "true", preserveAspectRatio: "none"});
    this.areas = h("div", {class: "hot-spot__areas", aria: {hidden: "true"}});
    this.cross = h("span", {class: "hot-spot__cross", aria: {hidden: "true"}});
    this.pin = h("span", {class: "hot-spot__pin", aria: {hidden: "true"}}, icon("pin"));
    this.frame = h("div", {class: "hot-spot__frame"}, this.picture, this.heat, this.areas, this.cross, this.pin);
    this.words = h("p", {class: "hot-spot__words small", role: "status"});
    this.help = h("p", {class: "hot-spot__help small faint", id: `spot-help-${++made}`}, t("quiz.spot.help"));
    this.append(this.frame, this.words, this.help);
    this.frame.addEventListener("click", (event) => this.#click(event));
    this.frame.addEventListener("keydown", (event) => this.#key(event));
    this.#drawn = "";
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  /** @param {SpotView} view */
  update({name, media, can, point, right, areas, counts}) {
    const {frame, picture, cross, pin, words, help} = this;
    if (!frame || !picture || !cross || !pin || !words || !help) return;
    if (this.#drawn !== `${name} ${media.url}`) {
      this.#drawn = `${name} ${media.url}`;
      this.#at = [0.5, 0.5];
      picture.replaceChildren(mediaNode(media));
    }
    if (can) {
      frame.tabIndex = 0;
      frame.setAttribute("role", "application");
      frame.setAttribute("aria-roledescription", t("quiz.spot.role"));
      frame.setAttribute("aria-label", t("quiz.spot.label", {alt: media.alt ?? ""}));
      frame.setAttribute("aria-describedby", help.id);
    } else {
      for (const one of ["tabindex", "role", "aria-roledescription", "aria-label", "aria-describedby"]) frame.removeAttribute(one);
    }
    flag(frame, "hot-spot__frame--open", can);
    help.hidden = !can;
    place(cross, this.#at);
    pin.hidden = !point;
    if (point) place(pin, point);
    flag(pin, "is-right", right === true);
    flag(pin, "is-wrong", right === false);
    this.#reveal(areas, counts);
    const said = [point ? t(can ? "quiz.spot.placed" : "quiz.spot.own", {at: pointWords(point)}) : "", areas ? t("quiz.spot.right", {list: areaWords(areas)}) : ""];
    text(words, said.filter(Boolean).join(" "));
  }

  /** @param {Area[] | undefined} areas @param {number[] | null | undefined} counts */
  #reveal(areas, counts) {
    this.areas?.replaceChildren(...(areas ?? []).map(({x, y, w, h: tall}) => h("span", {class: "hot-spot__area",
      style: {left: `${x * 100}%`, top: `${y * 100}%`, width: `${w * 100}%`, height: `${tall * 100}%`}}, icon("check"))));
    const side = Math.round(Math.sqrt(counts?.length ?? 0));
    const most = Math.max(1, ...(counts ?? []));
    this.heat?.setAttribute("viewBox", `0 0 ${side || 1} ${side || 1}`);
    this.heat?.replaceChildren(...(counts ?? []).flatMap((n, i) => (n === 0 ? [] : [svg("rect",
      {x: i % side, y: Math.floor(i / side), width: 1, height: 1, "fill-opacity": (0.25 + 0.55 * (n / most)).toFixed(2)})])));
  }

  /** @param {MouseEvent} event */
  #click(event) {
    if (!this.view.can || !this.frame) return;
    const box = this.frame.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) return;
    this.#at = [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
    this.#place();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.view.can || event.altKey || event.ctrlKey || event.metaKey) return;
    const [dx, dy] = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key] ?? [0, 0];
    if (dx || dy) {
      const by = event.shiftKey ? leap : step;
      this.#at = [within(this.#at[0] + dx * by), within(this.#at[1] + dy * by)];
      if (this.cross) place(this.cross, this.#at);
      clearTimeout(this.#timer); // a key that is held moves faster than anybody speaks
      this.#timer = Number(setTimeout(() => announce(pointWords(this.#at)), rest));
    } else if (event.key === "Enter" || event.key === " ") {
      clearTimeout(this.#timer);
      this.#place();
    } else return;
    event.preventDefault();
  }

  #place() {
    this.dispatchEvent(new CustomEvent("place", {detail: /** @type {QuizPoint} */ ([...this.#at])}));
  }
}

let made = 0;

/** To a thousandth of the picture, within it. @param {number} x */
const within = (x) => Math.round(Math.min(1, Math.max(0, x)) * 1000) / 1000;

/** @param {HTMLElement} node @param {QuizPoint} point */
function place(node, [x, y]) {
  node.style.left = `${x * 100}%`;
  node.style.top = `${y * 100}%`;
}

customElements.define("hot-spot", HotSpot);
