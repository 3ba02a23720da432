// @ts-check
/** @import {Survey, SurveyItem, SurveyItemResult} from "../client/protocol.js" */
import {number, t} from "../i18n.js";
import {h, keyed, text} from "./dom.js";
import {stepFace, stepName} from "./survey-form.js";
import {rich} from "./rich-text.js";
import {shares} from "./rules.js";
import {steps} from "./survey-rules.js";

/** Two places after the point are enough to read. @param {number} x */
const round = (x) => number(Math.round(x * 100) / 100);

/**
 * Draws what came out of a survey into place, item by item. more, where it is
 * given, is asked for all that people wrote to an item.
 * @param {HTMLElement} place
 * @param {Survey} survey
 * @param {(item: number) => void} [more]
 */
export function drawSurveyResult(place, survey, more) {
  const {result, items} = survey;
  if (!result) return place.replaceChildren();
  keyed(place, items.map((item, i) => ({item, i})), ({item, i}) => `${survey.id}/${i}/${item.type}`, ({item, i}) => frame(item, more && (() => more(i))), (node, {item, i}) => {
    const one = result.items[i];
    text(node.querySelector(".survey-outcome__n"), t("survey.people", {n: one.n}));
    if (item.type === "choice") choices(node, item, one);
    else if (item.type === "text") texts(node, one);
    else numbers(node, item, one);
  });
}

/** @param {SurveyItem} item @param {() => void} [more] */
function frame(item, more) {
  const head = h("h3", {class: "survey-outcome__title"}, rich("span", "", item.text), " ", h("span", {class: "survey-outcome__n small faint numeric"}));
  if (item.type === "text") {
    return h("section", {class: "survey-outcome"}, head, h("ul", {class: "poll-texts survey-outcome__texts"}),
      h("p", {class: "small faint survey-outcome__none"}, t("survey.none")),
      more ? h("button", {type: "button", class: "btn btn--quiet btn--small survey-outcome__more", onclick: more}, t("survey.texts.all")) : null);
  }
  if (item.type === "choice") return h("section", {class: "survey-outcome"}, head, h("ul", {class: "survey-bars"}));
  return h("section", {class: "survey-outcome"}, head, h("p", {class: "survey-outcome__figure"}, h("strong", {class: "display numeric"}), " ", h("span", {class: "small"})),
    item.type === "nps" ? h("ul", {class: "survey-nps"}, ...["detractors", "passives", "promoters"].map((part) =>
      h("li", {class: `survey-nps__part survey-nps__part--${part}`}, h("span", {class: "survey-nps__fill"}), h("span", {class: "small"})))) : null,
    h("div", {class: "survey-columns"}, ...steps(item).map((value) => h("div", {class: "survey-column", role: "img"},
      h("span", {class: "survey-column__n numeric", aria: {hidden: "true"}}), h("span", {class: "survey-column__bar", aria: {hidden: "true"}}, h("span", {class: "survey-column__fill"})),
      h("span", {class: "survey-column__label numeric", aria: {hidden: "true"}}, item.type === "stars" ? `${number(value)} ★` : stepFace(item, value))))));
}

/** @param {HTMLElement} node @param {SurveyItem} item @param {SurveyItemResult} one */
function numbers(node, item, {n, mean, median, nps, histogram = [], ...parts}) {
  const figure = /** @type {HTMLElement} */ (node.querySelector(".survey-outcome__figure"));
  figure.hidden = n === 0;
  text(/** @type {Element} */ (figure.firstElementChild), item.type === "nps" ? signed(nps ?? 0) : round(mean ?? 0));
  text(/** @type {Element} */ (figure.lastElementChild), item.type === "nps" ? t("survey.nps.name") + " · " + t("poll.mean", {mean: round(mean ?? 0), median: round(median ?? 0)})
    : t("survey.of", {most: 5, median: round(median ?? 0)}));
  const bar = /** @type {HTMLElement | null} */ (node.querySelector(".survey-nps"));
  if (bar) {
    bar.hidden = n === 0;
    /** @type {const} */ (["detractors", "passives", "promoters"]).forEach((part, i) => {
      const count = parts[part] ?? 0;
      const row = /** @type {HTMLElement} */ (bar.children[i]);
      row.style.setProperty("--share", String(n > 0 ? count / n : 0));
      text(/** @type {Element} */ (row.lastElementChild), t(`survey.nps.${part}`, {n: count, share: number(n > 0 ? Math.round((100 * count) / n) : 0)}));
    });
  }
  const most = Math.max(1, ...histogram);
  const columns = /** @type {NodeListOf<HTMLElement>} */ (node.querySelectorAll(".survey-column"));
  steps(item).forEach((value, i) => {
    const count = histogram[i] ?? 0;
    columns[i].setAttribute("aria-label", t("poll.bar", {label: stepName(item, value), votes: t("survey.people", {n: count})}));
    text(/** @type {Element} */ (columns[i].firstElementChild), count > 0 ? number(count) : "");
    /** @type {HTMLElement} */ (columns[i].querySelector(".survey-column__fill")).style.transform = `scaleY(${count / most})`;
  });
}

/** A score with its sign: it goes from −100 to 100. @param {number} x */
const signed = (x) => (Math.round(x) > 0 ? "+" : "") + number(Math.round(x)).replace("-", "−");

/** @param {HTMLElement} node @param {SurveyItem} item @param {SurveyItemResult} one */
function choices(node, {choices: all = []}, {n, counts = []}) {
  const part = shares(counts, n) ?? [];
  keyed(/** @type {Element} */ (node.querySelector(".survey-bars")), all.map((choice, i) => ({choice, i})), ({i}) => i, ({choice}) =>
    h("li", {class: "survey-bar"}, rich("span", "survey-bar__text", choice), h("span", {class: "survey-bar__n numeric small"}),
      h("span", {class: "bar", aria: {hidden: "true"}}, h("span", {class: "bar__fill"}))), (row, {i}) => {
    text(row.children[1], t("survey.share", {n: counts[i] ?? 0, share: number(Math.round(100 * (part[i] ?? 0)))}));
    row.querySelector(".bar__fill").style.transform = `scaleX(${part[i] ?? 0})`;
  });
}

/** @param {HTMLElement} node @param {SurveyItemResult} one */
function texts(node, {n, texts: all = []}) {
  const seen = new Map();
  keyed(/** @type {Element} */ (node.querySelector("ul")), all, (said) => { // the same words twice are two answers
    const again = (seen.get(said) ?? 0) + 1;
    seen.set(said, again);
    return `${again}/${said}`;
  }, (said) => rich("li", "poll-text", said));
  const none = /** @type {HTMLElement} */ (node.querySelector(".survey-outcome__none"));
  none.hidden = all.length > 0;
  text(none, t(n > 0 ? "survey.words.unseen" : "survey.none"));
  const more = /** @type {HTMLElement | null} */ (node.querySelector(".survey-outcome__more"));
  if (more) more.hidden = all.length >= n;
}
