// @ts-check
/** @import {Ballot, Poll} from "../client/protocol.js" */
import {limits} from "../client/protocol.js";
import {number, t} from "../i18n.js";
import {aria, flag, h, icon, iconButton, keyed, text} from "./dom.js";
import {plainMaths} from "./maths.js";
import {choiceSign} from "./person.js";
import {choiceText, rankPicture} from "./poll-result.js";
import {richText} from "./rich-text.js";
import {moved} from "./rules.js";

/** What somebody gives; of a ranking the choices, best first. @typedef {Ballot & {choices?: number[]}} Vote */

/**
 * What to vote with in a poll in which nothing is picked. It holds what is
 * being written: tallies come and go and take nothing away. vote is called
 * with what is given.
 */
export class BallotBox {
  #poll = 0;
  /** The places of a ranking. @type {number[]} */
  #order = [];
  /** What the server knows as given, as text, to see that it has changed. */
  #known = "";
  /** @type {(vote: Vote) => void} */ #vote;
  #place;

  /** @param {HTMLElement} place @param {(vote: Vote) => void} vote */
  constructor(place, vote) {
    this.#place = place;
    this.#vote = vote;
  }

  /** Draws it for a poll with what was given before, if anything. @param {Poll} poll @param {Vote} mine */
  draw(poll, mine) {
    const known = JSON.stringify(mine);
    const fresh = this.#poll !== poll.id || this.#place.childElementCount === 0;
    if (fresh) {
      this.#poll = poll.id;
      this.#place.replaceChildren(...(frames[poll.kind ?? ""]?.(poll, this.#vote) ?? []));
    }
    if (fresh || this.#known !== known) {
      this.#known = known;
      this.#order = mine.choices ?? poll.choices.map((_, i) => i);
      this.#fill(mine);
    }
    if (poll.kind === "ranking") this.#ranking(poll, mine);
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.#place.querySelectorAll("[data-value]"))) {
      const value = Number(button.dataset.value);
      aria(button, "pressed", mine.value === value);
      flag(button, "poll-star--on", poll.kind === "rating" && mine.value !== undefined && value <= mine.value);
    }
  }

  /** Puts what was given into the fields. @param {Vote} mine */
  #fill(mine) {
    for (const input of this.#place.querySelectorAll("input, textarea")) {
      const field = /** @type {HTMLInputElement} */ (input);
      const at = Number(field.dataset.at ?? 0);
      field.value = field.name === "words" ? mine.words?.[at] ?? "" : field.name === "text" ? mine.text ?? "" : mine.value === undefined ? "" : String(mine.value);
    }
  }

  /** @param {Poll} poll @param {Vote} mine */
  #ranking(poll, mine) {
    const [list, said, foot] = /** @type {HTMLElement[]} */ ([...this.#place.children]);
    const last = this.#order.length - 1;
    const move = (/** @type {number} */ choice, /** @type {number} */ by) => {
      const from = this.#order.indexOf(choice);
      this.#order = moved(this.#order, from, from + by);
      this.#ranking(poll, mine);
      const row = list.querySelector(`[data-choice="${choice}"]`);
      const buttons = /** @type {HTMLButtonElement[]} */ ([...(row?.querySelectorAll("button") ?? [])]);
      (buttons[by < 0 ? 0 : 1]?.disabled ? buttons[by < 0 ? 1 : 0] : buttons[by < 0 ? 0 : 1])?.focus();
      text(said, t("poll.rank.moved", {text: plainMaths(choiceText(poll, choice)), place: from + by + 1, of: last + 1}));
    };
    keyed(list, this.#order, (choice) => choice, (choice) => h("li", {class: "poll-rank", data: {choice}}, h("span", {class: "poll-order__place numeric"}),
      h("span", {class: "poll-rank__sign"}, choiceSign(choice), rankPicture(poll, choice)), h("span", {class: "grow"}),
      iconButton("chevron-up", t("poll.rank.up", {text: plainMaths(choiceText(poll, choice))}), {class: "btn btn--icon btn--quiet", onclick: () => move(choice, -1)}),
      iconButton("chevron-down", t("poll.rank.down", {text: plainMaths(choiceText(poll, choice))}), {class: "btn btn--icon btn--quiet", onclick: () => move(choice, 1)})),
    (node, choice, place) => {
      richText(node.children[2], choiceText(poll, choice));
      text(node.firstElementChild, number(place + 1));
      node.children[3].disabled = place === 0;
      node.children[4].disabled = place === last;
    });
    const button = /** @type {HTMLButtonElement} */ (foot.firstElementChild);
    button.onclick = () => this.#vote({choices: this.#order});
    button.disabled = mine.choices !== undefined && mine.choices.every((choice, i) => choice === this.#order[i]);
  }
}

const submit = () => h("button", {type: "submit", class: "btn btn--primary"}, t("poll.send"));

/**
 * What is filled in and sent.
 * @param {HTMLElement[]} fields
 * @param {() => Vote | null} read null where nothing is written
 * @param {(vote: Vote) => void} vote
 */
function form(fields, read, vote) {
  const node = h("form", {class: "poll-form"}, ...fields, submit());
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = read();
    if (given) vote(given);
    else /** @type {HTMLElement | null} */ (node.querySelector("input, textarea"))?.focus();
  });
  return node;
}

/** @param {number} from @param {number} to */
const run = (from, to) => Array.from({length: to - from + 1}, (_, i) => from + i);

/** What each kind is answered with. @type {Record<string, (poll: Poll, vote: (vote: Vote) => void) => HTMLElement[]>} */
const frames = {
  rating: ({stars = 5, text: label}, vote) => [h("div", {class: "poll-stars", role: "group", aria: {label: plainMaths(label)}}, ...run(1, stars).map((value) =>
    h("button", {type: "button", class: "poll-star", title: t("poll.stars", {n: value}), aria: {label: t("poll.star.of", {n: value, of: stars})},
      data: {value}, onclick: () => vote({value})}, "★")))],
  scale: ({min = 0, max_value = 0, low = "", high = "", text: label}, vote) => [
    h("div", {class: "poll-scale", role: "group", aria: {label: plainMaths(label)}}, ...run(min, max_value).map((value) =>
      h("button", {type: "button", class: "btn poll-step numeric", data: {value}, onclick: () => vote({value}),
        aria: {label: value === min && low ? `${number(value)}, ${low}` : value === max_value && high ? `${number(value)}, ${high}` : null}}, number(value)))),
    h("p", {class: "poll-ends small faint", hidden: !low && !high, aria: {hidden: "true"}}, h("span", null, low), h("span", null, high))],
  number: ({min, max_value, text: label}, vote) => {
    const bounded = min !== undefined || max_value !== undefined;
    const input = h("input", {class: "input numeric", type: "number", step: "any", name: "value", inputMode: "decimal", autocomplete: "off", aria: {label: plainMaths(label)},
      min: bounded ? String(min ?? 0) : undefined, max: bounded ? String(max_value ?? 0) : undefined});
    const hint = h("p", {class: "small faint"}, bounded ? t("poll.bounds", {from: number(min ?? 0), to: number(max_value ?? 0)}) : "");
    return [form([input], () => (input.value.trim() === "" ? null : {value: input.valueAsNumber}), vote), hint];
  },
  text: ({text: label}, vote) => {
    const input = h("textarea", {class: "textarea", rows: 2, name: "text", maxLength: limits.pollText, aria: {label: plainMaths(label)}});
    const node = form([input], () => (input.value.trim() ? {text: input.value} : null), vote);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) node.requestSubmit();
    });
    return [node];
  },
  cloud: ({words = 1}, vote) => {
    const inputs = run(1, words).map((n) => h("input", {class: "input", type: "text", name: "words", maxLength: limits.pollWord, autocomplete: "off",
      data: {at: n - 1}, placeholder: t("poll.word", {n}), aria: {label: t("poll.word", {n})}}));
    return [form(inputs, () => {
      const given = inputs.map((input) => input.value.trim()).filter(Boolean);
      return given.length > 0 ? {words: given} : null;
    }, vote)];
  },
  ranking: () => [h("ol", {class: "poll-ranks"}), h("p", {class: "sr-only", aria: {live: "polite"}}),
    h("div", {class: "cluster"}, h("button", {type: "button", class: "btn btn--primary"}, icon("check"), t("poll.rank.send")))],
};
