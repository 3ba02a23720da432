// @ts-check
/** @import {Item, PollAct} from "../client/protocol.js" */
import {limits} from "../client/protocol.js";
import {h, icon, iconButton} from "../elements/dom.js";
import {letter} from "../elements/person.js";
import {catalogue} from "../elements/catalogue.js";
import {t} from "../i18n.js";
import {select} from "./dialog.js";

/**
 * What shall follow when a choice wins: for each one what happens, and with
 * what. It lies folded until somebody wants it.
 * @param {{text: string, then?: PollAct | null}[]} choices changed in place
 * @param {() => void} onchange
 */
export function thenList(choices, onchange) {
  const rows = h("ol", {class: "stack edit-then"});
  const node = h("details", {class: "poll-more", open: choices.some(({then}) => then)}, h("summary", null, t("host.poll.then")),
    h("p", {class: "hint"}, t("host.poll.then.hint")), rows);

  /** @param {{text: string, then?: PollAct | null}} choice @param {number} i */
  const row = (choice, i) => {
    const what = select(["", "topic", "segment", "pin"].map((value) => ({value, label: t(`host.poll.then.${value || "nothing"}`)})), choice.then?.act ?? "", (act) => {
      choice.then = act ? {act: /** @type {PollAct["act"]} */ (act), value: ""} : null;
      onchange();
      place.replaceChildren(...value());
    });
    what.setAttribute("aria-label", t("host.poll.then.of", {letter: letter(i)}));
    const value = () => {
      const {then} = choice;
      if (!then) return [];
      const props = {data: {at: `then${i}`}, aria: {label: t("host.poll.then.value", {letter: letter(i)})}};
      if (then.act === "pin") return [itemField(then, props, onchange)];
      const input = h("input", {class: "input", type: "text", maxLength: limits.title, value: then.value, autocomplete: "off", ...props});
      input.addEventListener("input", () => {
        then.value = input.value;
        onchange();
      });
      return [input];
    };
    const place = h("span", {class: "grow"}, ...value());
    return h("li", {class: "edit-then__row"}, h("span", {class: "label"}, letter(i)), what, place);
  };
  const draw = () => {
    if (rows.childElementCount === choices.length && choices.every((choice, i) => drawn[i] === choice)) return; // what is being written stays
    drawn = [...choices];
    rows.replaceChildren(...choices.map(row));
  };
  /** @type {object[]} */
  let drawn = [];
  return {node, draw};
}

/**
 * An item of the catalogue.
 * @param {PollAct} then
 * @param {Record<string, any>} props
 * @param {() => void} onchange
 */
function itemField(then, props, onchange) {
  const node = h("select", {class: "select", disabled: true, ...props}, h("option", {value: then.value}, "…"));
  node.addEventListener("change", () => {
    then.value = node.value;
    onchange();
  });
  void catalogue().then((items) => {
    const known = items.some(({id}) => id === then.value);
    node.replaceChildren(h("option", {value: ""}, t("host.poll.then.item")), ...items.map((/** @type {Item} */ item) => h("option", {value: item.id}, item.title)),
      then.value && !known ? h("option", {value: then.value}, then.value) : "");
    node.value = then.value;
    node.disabled = false;
  });
  return node;
}

/**
 * Whose vote counts more than once: found by name, with a weight each.
 * @param {Record<string, number>} weights by person, changed in place
 * @param {(find: string) => Promise<{id: string, name: string}[]>} find
 */
export function weightList(weights, find) {
  /** @type {Map<string, string>} */
  const names = new Map();
  const chosen = h("ul", {class: "stack edit-weights"});
  const found = h("ul", {class: "stack edit-weights"});
  const search = h("input", {class: "input", type: "search", placeholder: t("host.poll.weights.find"), aria: {label: t("host.poll.weights.find")}, autocomplete: "off"});
  const node = h("details", {class: "poll-more", open: Object.keys(weights).length > 0}, h("summary", null, t("host.poll.weights")),
    h("p", {class: "hint"}, t("host.poll.weights.hint")), chosen, search, found);

  const draw = () => chosen.replaceChildren(...Object.keys(weights).map((id) => {
    const name = names.get(id) ?? id;
    const weight = h("input", {class: "input numeric edit-weight", type: "number", min: "2", max: String(limits.weight), step: "1", value: String(weights[id]),
      aria: {label: t("host.poll.weight.of", {name})}});
    weight.addEventListener("change", () => {
      weights[id] = Math.min(limits.weight, Math.max(2, Math.round(Number(weight.value)) || 2));
      weight.value = String(weights[id]);
    });
    return h("li", {class: "row"}, h("span", {class: "grow truncate"}, name), weight, iconButton("close", t("host.poll.weight.remove", {name}), {
      class: "btn btn--icon btn--quiet btn--small", onclick: () => {
        delete weights[id];
        draw();
        search.focus();
      }}));
  }));
  let asked = 0;
  const look = async () => {
    const turn = ++asked;
    const people = await find(search.value.trim()).catch(() => []);
    if (turn !== asked) return; // somebody has typed on
    for (const {id, name} of people) names.set(id, name);
    found.replaceChildren(...people.filter(({id}) => !weights[id]).slice(0, 6).map(({id, name}) =>
      h("li", null, h("button", {type: "button", class: "btn btn--quiet btn--small", onclick: () => {
        weights[id] = 2;
        draw();
        void look();
        search.focus();
      }}, icon("plus"), name))));
    draw();
  };
  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = Number(setTimeout(look, 200));
  });
  node.addEventListener("toggle", () => {
    if (node.open) void look();
  });
  draw();
  return node;
}
