// @ts-check
/** @import {Area} from "../client/protocol.js" */
/** @import {QuestionForm} from "./quiz-draft.js" */
import {limits} from "../client/protocol.js";
import {h, icon, iconButton} from "../elements/dom.js";
import {number, t} from "../i18n.js";
import {mediaField} from "./media-field.js";

/** The least side of an area, as the server has it. */
const least = 0.01;

/** To a thousandth. @param {number} x */
const neat = (x) => Math.round(x * 1000) / 1000;

/** @param {number} x @param {number} low @param {number} high */
const between = (x, low, high) => Math.min(high, Math.max(low, x));

/**
 * The picture of a question that is answered by pointing, and its right areas:
 * drawn on the picture, or made and written in fields.
 * @param {QuestionForm} question changed in place
 * @param {number} at the question's number, by which problems are named
 */
export function areaFields(question, at) {
  const boxes = h("div", {class: "area-editor__boxes"});
  const picture = h("img", {alt: "", draggable: false});
  const canvas = h("div", {class: "area-editor__canvas"}, picture, boxes);
  const rows = h("ol", {class: "stack area-editor__rows"});
  const add = h("button", {type: "button", class: "btn btn--quiet btn--small", data: {at: `${at}.areas`}, onclick: () => insert({x: 0.35, y: 0.35, w: 0.3, h: 0.3}, true)},
    icon("plus"), t("host.area.add"));
  const part = h("div", {class: "stack area-editor"}, h("p", {class: "hint"}, t("host.area.hint")), canvas, rows, add);
  const node = h("div", {class: "stack"}, mediaField({held: question, picture: true, name: `${at}`, onchange: draw}), part);

  function draw() {
    const media = question.media?.kind === "image" ? question.media : null;
    part.hidden = !media;
    if (media && picture.getAttribute("src") !== media.url) picture.src = media.url;
    add.disabled = question.areas.length >= limits.areas;
    drawBoxes();
    rows.replaceChildren(...question.areas.map(row));
  }

  /** @param {Area} [fresh] the one being drawn */
  function drawBoxes(fresh) {
    boxes.replaceChildren(...[...question.areas, ...(fresh ? [fresh] : [])].map((area, i) => h("span", {class: "area-editor__box",
      style: {left: `${area.x * 100}%`, top: `${area.y * 100}%`, width: `${area.w * 100}%`, height: `${area.h * 100}%`}}, number(i + 1))));
  }

  /** @param {Area} area @param {boolean} focus */
  function insert(area, focus) {
    if (question.areas.length >= limits.areas) return;
    question.areas.push(area);
    draw();
    if (focus) rows.lastElementChild?.querySelector("input")?.focus();
  }

  /** @param {Area} area @param {number} i */
  function row(area, i) {
    /** @param {"x" | "y" | "w" | "h"} side */
    const input = (side) => {
      const field = h("input", {class: "input numeric", type: "number", min: side === "x" || side === "y" ? "0" : "1", max: "100", step: "1", value: String(neat(area[side] * 100)),
        aria: {label: t(`host.area.${side}.of`, {n: i + 1})}});
      field.addEventListener("input", () => {
        const value = field.value === "" ? NaN : Number(field.value) / 100;
        if (!Number.isFinite(value)) return;
        area[side] = neat(between(value, side === "x" || side === "y" ? 0 : least, 1));
        area.x = neat(Math.min(area.x, 1 - least));
        area.y = neat(Math.min(area.y, 1 - least));
        area.w = neat(Math.min(area.w, 1 - area.x));
        area.h = neat(Math.min(area.h, 1 - area.y));
        drawBoxes();
      });
      field.addEventListener("change", () => { // what was bent to fit shows as it is
        for (const [other, key] of others) other.value = String(neat(area[key] * 100));
      });
      return field;
    };
    const sides = /** @type {const} */ (["x", "y", "w", "h"]);
    /** @type {[HTMLInputElement, "x" | "y" | "w" | "h"][]} */
    const others = sides.map((side) => [input(side), side]);
    return h("li", {class: "area-editor__row"}, h("span", {class: "area-editor__place numeric"}, number(i + 1)),
      ...others.map(([field, side]) => h("label", {class: "area-editor__side"}, h("span", {class: "small faint", aria: {hidden: "true"}}, t(`host.area.${side}`)), field)),
      iconButton("close", t("host.area.remove", {n: i + 1}), {class: "btn btn--icon btn--quiet btn--small", onclick: () => {
        question.areas.splice(i, 1);
        draw();
        (rows.children[Math.max(0, i - 1)]?.querySelector("input") ?? add).focus();
      }}));
  }

  /** Where a pointer is in the picture. @param {PointerEvent} event */
  const where = ({clientX, clientY}) => {
    const box = canvas.getBoundingClientRect();
    return {x: between((clientX - box.left) / box.width, 0, 1), y: between((clientY - box.top) / box.height, 0, 1)};
  };
  /** @type {{x: number, y: number} | null} */
  let from = null;
  /** @param {PointerEvent} event @returns {Area} */
  const drawn = (event) => {
    const start = /** @type {{x: number, y: number}} */ (from);
    const to = where(event);
    const [x, y] = [neat(Math.min(start.x, to.x)), neat(Math.min(start.y, to.y))];
    return {x, y, w: neat(Math.abs(to.x - start.x)), h: neat(Math.abs(to.y - start.y))};
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || question.areas.length >= limits.areas) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    from = where(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (from) drawBoxes(drawn(event));
  });
  canvas.addEventListener("pointercancel", () => {
    from = null;
    drawBoxes();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!from) return;
    const area = drawn(event);
    from = null;
    area.w = Math.min(area.w, neat(1 - area.x));
    area.h = Math.min(area.h, neat(1 - area.y));
    if (area.w >= least && area.h >= least) insert(area, false);
    else drawBoxes(); // a tap draws nothing
  });
  draw();
  return node;
}
