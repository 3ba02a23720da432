// @ts-check
/** @import {Poll} from "../client/protocol.js" */
import {number, t} from "../i18n.js";
import {flag, h, icon, iconButton, keyed, text} from "./dom.js";
import {richText} from "./rich-text.js";
import {choiceSign, hash} from "./person.js";
import {bars, cloudOf} from "./rules.js";

/** What a choice is called: those of quick polls in the reader's own language. @param {Poll} poll @param {number} choice */
export function choiceText({quick, choices}, choice) {
  return quick && quick !== "abcd" ? t(`poll.quick.${quick}.${choice}`) : choices[choice] ?? "";
}

/** The picture of a choice beside its text, which says what it shows. @param {Poll} poll @param {number} choice */
export const rankPicture = ({images}, choice) => (images?.[choice] ? h("img", {class: "poll-rank__picture", src: images[choice], alt: "", decoding: "async"}) : null);

/** What of a poll is drawn as a result of its own; choices carry theirs. @param {Poll} poll */
export const hasResult = ({kind = "choice", result, counts}) =>
  kind === "ranking" ? counts !== null : kind !== "choice" && result !== undefined;

/**
 * Draws what came out of a poll in which nothing is picked: stars and numbers
 * as bars, a ranking by points, answers as quotes, words as a cloud. Whatever
 * is a picture stands beside it as text. Where remove is given, what people
 * wrote can be taken out: an answer, or a word of the cloud's list.
 * @param {HTMLElement} place
 * @param {Poll} poll
 * @param {Remove} [remove]
 */
export function drawResult(place, poll, remove) {
  const kind = poll.kind ?? "choice";
  const frame = `${kind}${remove ? "/staff" : ""}`;
  if (place.dataset.frame !== frame) {
    place.dataset.frame = frame;
    place.replaceChildren(...(frames[kind]?.() ?? []));
  }
  draws[kind]?.(place, poll, remove);
}

/** @typedef {(what: {text: string} | {word: string}) => void} Remove */

/** A button that takes something out of the result. @param {string} words @param {() => void} act */
const removal = (words, act) => iconButton("trash", t("poll.remove", {text: words}),
  {class: "btn btn--icon btn--quiet btn--small poll-result__remove", onclick: act});

const summary = () => h("p", {class: "poll-result__summary"});
const columns = () => h("ol", {class: "poll-columns"});

/** What a result is made of, by kind. @type {Record<string, () => HTMLElement[]>} */
const frames = {
  rating: () => [summary(), columns()],
  scale: () => [summary(), columns(), h("p", {class: "poll-ends small faint"}, h("span"), h("span"))],
  number: () => [summary(), columns()],
  ranking: () => [h("ol", {class: "poll-order"})],
  text: () => [h("ul", {class: "poll-texts"}), h("p", {class: "small faint poll-result__none"}, t("poll.none"))],
  cloud: () => [h("div", {class: "poll-cloud", aria: {hidden: "true"}}), h("details", {class: "poll-cloud__list"},
    h("summary", null, t("poll.cloud.list")), h("ol")), h("p", {class: "small faint poll-result__none"}, t("poll.none"))],
};

/** @type {Record<string, (place: HTMLElement, poll: Poll, remove?: Remove) => void>} */
const draws = {rating: numbers, scale: numbers, number: numbers, ranking, text: texts, cloud};

/** @param {HTMLElement} place @param {Poll} poll */
function numbers(place, poll) {
  const {result = {n: 0}, kind} = poll;
  const [about, chart, ends] = /** @type {HTMLElement[]} */ ([...place.children]);
  const said = result.mean === undefined || result.median === undefined ? t("poll.none")
    : t("poll.mean", {mean: round(result.mean), median: round(result.median)});
  text(about, said);
  const all = bars(result);
  flag(chart, "poll-columns--many", all.length > 12);
  keyed(chart, all, ({from}) => from, () => h("li", {class: "poll-column"},
    h("span", {class: "sr-only"}), h("span", {class: "poll-column__n numeric", aria: {hidden: "true"}}),
    h("span", {class: "poll-column__bar", aria: {hidden: "true"}}, h("span", {class: "poll-column__fill"})),
    h("span", {class: "poll-column__label numeric", aria: {hidden: "true"}})), (node, bar) => {
    const label = kind === "number" && bar.to - bar.from !== 1 ? t("poll.range", {from: number(bar.from), to: number(bar.to)}) : number(bar.from);
    text(node.children[0], t("poll.bar", {label: kind === "rating" ? t("poll.stars", {n: bar.from}) : label, votes: t("poll.votes", {n: bar.n})}));
    text(node.children[1], bar.n > 0 ? number(bar.n) : "");
    node.querySelector(".poll-column__fill").style.transform = `scaleY(${bar.height})`;
    text(node.lastElementChild, number(bar.from) + (kind === "rating" ? " ★" : ""));
  });
  if (ends) {
    text(/** @type {Element} */ (ends.firstElementChild), poll.low ?? "");
    text(/** @type {Element} */ (ends.lastElementChild), poll.high ?? "");
    ends.hidden = poll.phase === "open" || (!poll.low && !poll.high); // where one may vote, the ends have their names there
  }
}

/** Two places after the point are enough to read. @param {number} x */
const round = (x) => number(Math.round(x * 100) / 100);

/** @param {HTMLElement} place @param {Poll} poll */
function ranking(place, poll) {
  const counts = poll.counts ?? [];
  const list = /** @type {HTMLElement} */ (place.firstElementChild);
  const order = counts.map((points, choice) => ({points, choice})).sort((a, b) => b.points - a.points || a.choice - b.choice);
  const most = Math.max(1, ...counts);
  keyed(list, order, ({choice}) => choice, ({choice}) => h("li", {class: "poll-order__row"}, h("span", {class: "poll-order__place numeric"}), choiceSign(choice),
    rankPicture(poll, choice), h("span", {class: "poll-order__body grow"}, h("span", {class: "poll-order__text"}), h("span", {class: "bar", aria: {hidden: "true"}},
      h("span", {class: "bar__fill", style: {"--choice": `var(--choice-${choice % 6})`}}))), h("span", {class: "numeric poll-order__points"})),
  (node, {points, choice}) => {
    text(node.firstElementChild, number(1 + counts.filter((other) => other > points).length));
    richText(node.querySelector(".poll-order__text"), choiceText(poll, choice));
    node.querySelector(".bar__fill").style.transform = `scaleX(${points / most})`;
    text(node.lastElementChild, t("poll.points", {n: points}));
  });
}

/** @param {HTMLElement} place @param {Poll} poll @param {Remove} [remove] */
function texts(place, poll, remove) {
  const [list, none] = /** @type {HTMLElement[]} */ ([...place.children]);
  const all = poll.result?.texts ?? [];
  const seen = new Map();
  keyed(list, all, (said) => { // the same words twice are two answers
    const again = (seen.get(said) ?? 0) + 1;
    seen.set(said, again);
    return `${again}/${said}`;
  }, (said) => h("li", {class: "poll-text"}, h("span", {class: "grow", dir: "auto"}), remove ? removal(said, () => remove({text: said})) : null),
  (node, said) => richText(node.firstElementChild, said));
  none.hidden = all.length > 0;
}

/** @param {HTMLElement} place @param {Poll} poll @param {Remove} [remove] */
function cloud(place, poll, remove) {
  const [picture, details, none] = /** @type {HTMLElement[]} */ ([...place.children]);
  const words = poll.result?.words ?? [];
  keyed(picture, cloudOf(words), ({word}) => word, ({word}) => h("span", {class: "poll-word", dir: "auto",
    style: {"--choice": `var(--choice-${hash(word) % 6})`}}, word), (node, {size}) => node.style.setProperty("--size", String(Math.round(size * 100) / 100)));
  keyed(/** @type {Element} */ (details.querySelector("ol")), words, ({word}) => word, ({word}) => h("li", null, h("span", {dir: "auto"}, word), " ",
    h("span", {class: "numeric faint"}), remove ? removal(word, () => remove({word})) : null), (node, {n}) => text(node.children[1], t("poll.times", {n})));
  picture.hidden = details.hidden = words.length === 0;
  none.hidden = words.length > 0;
}

/** A mark with words: this vote counts. @param {string} words */
export const counted = (words) => h("p", {class: "poll-counted", role: "status"}, icon("check"), h("span", null, words));
