// @ts-check
/** @import {Survey, SurveyAnswer, SurveyItem} from "../client/protocol.js" */
import {limits} from "../client/protocol.js";
import {unique} from "../client/unique.js";
import {errorText, number, t} from "../i18n.js";
import {aria, h, icon, svg, text} from "./dom.js";
import {plainMaths} from "./maths.js";
import {rich} from "./rich-text.js";
import {alike, missing, says, steps, toSend} from "./survey-rules.js";

/**
 * What a survey is answered with: a group of radio buttons, boxes or a field
 * for each item. It holds what is being written: views come and go and take
 * nothing away. send is called with the answers; while its promise is under
 * way nothing is sent twice.
 */
export class SurveyForm {
  #survey = "";
  /** @type {readonly SurveyItem[]} */ #items = [];
  /** @type {(SurveyAnswer | null)[]} */ #answers = [];
  /** @type {HTMLFieldSetElement[]} */ #groups = [];
  /** What the server knows as given. @type {(SurveyAnswer | null)[]} */ #known = [];
  #place;
  #send;

  /** @param {HTMLElement} place @param {(answers: (SurveyAnswer | null)[]) => Promise<unknown>} send */
  constructor(place, send) {
    this.#place = place;
    this.#send = send;
  }

  /** Draws it for a survey with what was answered before, if anything. @param {Survey} survey @param {(SurveyAnswer | null)[] | undefined} mine */
  draw(survey, mine) {
    const name = `${survey.id}/${JSON.stringify(survey.items)}`;
    if (this.#survey !== name) {
      this.#survey = name;
      this.#items = survey.items;
      this.#known = this.#answers = survey.items.map(() => null);
      this.#place.replaceChildren();
    }
    if (this.#place.childElementCount === 0) {
      this.#build();
      this.#fill(this.#answers); // what was being written, in another language
    }
    const known = mine ?? survey.items.map(() => null);
    if (alike(known, this.#known)) return;
    if (alike(this.#answers, this.#known)) this.#fill(known); // nothing is being written
    this.#known = known;
  }

  /** Goes on in another place. @param {HTMLElement} place */
  move(place) {
    this.#place = place;
  }

  /** Forgets what is written and not sent. */
  reset() {
    this.#fill(this.#known);
  }

  /** Puts the focus on the first item. */
  focus() {
    /** @type {HTMLElement | null} */ (this.#place.querySelector("input:checked, input, textarea"))?.focus();
  }

  #build() {
    this.#groups = this.#items.map((item, i) => this.#group(item, i));
    this.error = h("p", {class: "error", role: "alert"});
    this.button = h("button", {type: "submit", class: "btn btn--primary"}, icon("send"), t("survey.send"));
    const form = h("form", {class: "survey-form", noValidate: true}, ...this.#groups, h("div", {class: "survey-form__foot"}, this.button, this.error));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#place.replaceChildren(form);
  }

  async #submit() {
    const {button, error} = this;
    if (!button || !error || button.disabled) return;
    const open = missing(this.#items, this.#answers);
    this.#items.forEach((_, i) => this.#problem(i, open.includes(i) ? t(this.#items[i].required ? "survey.missing" : "survey.nothing") : ""));
    if (open.length > 0) {
      /** @type {HTMLElement | null} */ (this.#groups[open[0]].querySelector("input, textarea"))?.focus();
      return;
    }
    button.disabled = true;
    error.textContent = "";
    try {
      await this.#send(toSend(this.#answers));
    } catch (err) {
      const refusal = /** @type {{code?: string, field?: string}} */ (err);
      const at = Number(/^answers\[(\d+)\]/.exec(refusal.field ?? "")?.[1] ?? NaN);
      if (this.#groups[at]) this.#problem(at, errorText(/** @type {any} */ (err)));
      else error.textContent = errorText(/** @type {any} */ (err));
    }
    button.disabled = false;
  }

  /** Says at an item what is wrong with its answer; "" takes that away. @param {number} i @param {string} words */
  #problem(i, words) {
    const group = this.#groups[i];
    const line = /** @type {HTMLElement} */ (group.querySelector(".survey-item__problem"));
    text(line, words);
    line.hidden = !words;
    for (const input of group.querySelectorAll("input, textarea")) {
      aria(input, "invalid", words ? "true" : null);
      aria(input, "describedby", words ? line.id : null);
    }
  }

  /** @param {number} i @param {SurveyAnswer | null} answer */
  #set(i, answer) {
    this.#answers = this.#answers.with(i, answer);
    this.#clearable(i);
    if (says(answer)) this.#problem(i, "");
  }

  /** What is picked can be taken back where nothing must be. @param {number} i */
  #clearable(i) {
    const clear = /** @type {HTMLElement | null} */ (this.#groups[i].querySelector(".survey-item__clear"));
    if (clear) clear.hidden = !says(this.#answers[i]);
  }

  /** Puts answers into the fields. @param {(SurveyAnswer | null)[]} answers */
  #fill(answers) {
    this.#answers = [...answers];
    this.#groups.forEach((group, i) => {
      const answer = answers[i];
      for (const input of group.querySelectorAll("input")) {
        const value = Number(input.value);
        input.checked = this.#items[i].type === "choice" ? Boolean(answer?.choices?.includes(value)) : answer?.value === value;
      }
      for (const field of group.querySelectorAll("textarea")) field.value = answer?.text ?? "";
      this.#clearable(i);
      this.#problem(i, "");
    });
  }

  /** @param {SurveyItem} item @param {number} i */
  #group(item, i) {
    const id = `survey-${unique()}`;
    const legend = h("legend", {class: "survey-item__text", id: `${id}-text`}, rich("span", "", item.text), " ",
      h("span", {class: "survey-item__need small faint"}, t(item.required ? "survey.required" : "survey.optional")));
    const problem = h("p", {class: "error survey-item__problem", id: `${id}-problem`, hidden: true});
    const body = item.type === "text" ? this.#words(i, `${id}-text`) : item.type === "choice" ? this.#choices(item, i, id) : this.#numbers(item, i, id);
    const clear = item.required || item.type === "text" || item.several ? null : h("button", {type: "button", class: "btn btn--quiet btn--small survey-item__clear",
      hidden: true, onclick: () => {
        for (const input of group.querySelectorAll("input")) input.checked = false;
        this.#set(i, null);
        group.querySelector("input")?.focus();
      }}, icon("close"), t("survey.clear"), h("span", {class: "sr-only"}, `: ${plainMaths(item.text)}`));
    const group = h("fieldset", {class: `survey-item survey-item--${item.type}`}, legend, body, clear, problem);
    return group;
  }

  /** @param {number} i @param {string} label */
  #words(i, label) {
    const field = h("textarea", {class: "textarea", rows: 2, maxLength: limits.surveyText, aria: {labelledby: label}});
    field.addEventListener("input", () => this.#set(i, {text: field.value}));
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) field.form?.requestSubmit();
    });
    return field;
  }

  /** @param {SurveyItem} item @param {number} i @param {string} name */
  #choices({choices = [], several}, i, name) {
    return h("div", {class: "survey-choices"}, ...choices.map((choice, value) => {
      const input = h("input", {type: several ? "checkbox" : "radio", name, value: String(value)});
      input.addEventListener("change", () => {
        const picked = this.#groups[i].querySelectorAll("input:checked");
        this.#set(i, {choices: [.../** @type {NodeListOf<HTMLInputElement>} */ (picked)].map((box) => Number(box.value))});
      });
      return h("label", {class: "survey-choice"}, input, rich("span", "", choice));
    }));
  }

  /** @param {SurveyItem} item @param {number} i @param {string} name */
  #numbers(item, i, name) {
    const all = steps(item);
    const row = h("div", {class: `survey-steps survey-steps--${item.type}`}, ...all.map((value) => {
      const input = h("input", {type: "radio", name, value: String(value), class: "survey-step__input", aria: {label: stepName(item, value)}});
      input.addEventListener("change", () => this.#set(i, {value}));
      return h("label", {class: "survey-step", title: stepName(item, value)}, input, h("span", {class: "survey-step__face numeric", aria: {hidden: "true"}}, stepFace(item, value)));
    }));
    if (item.type === "stars") return row;
    return h("div", null, row, h("p", {class: "survey-ends small faint", aria: {hidden: "true"}},
      h("span", null, t(`survey.${item.type}.low`)), h("span", null, t(`survey.${item.type}.high`))));
  }
}

/** What a number of an item is called. @param {SurveyItem} item @param {number} value */
export function stepName({type}, value) {
  if (type === "stars") return t("poll.star.of", {n: value, of: 5});
  if (type === "satisfaction") return t(`survey.satisfaction.${value}`);
  const end = value === 0 ? t("survey.nps.low") : value === 10 ? t("survey.nps.high") : "";
  return end ? `${number(value)}, ${end}` : number(value);
}

/** The sign of a number. @param {SurveyItem} item @param {number} value */
export const stepFace = ({type}, value) => (type === "stars" ? "★" : type === "satisfaction" ? face(value) : number(value));

/** A face from 1, very dissatisfied, to 5, very satisfied. @param {number} value */
function face(value) {
  const bend = (value - 3) * 2.4; // of the mouth: down, straight, up
  return svg("svg", {class: "survey-face", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false", fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round"},
    svg("circle", {cx: 12, cy: 12, r: 10}), svg("circle", {cx: 8.6, cy: 9.6, r: 0.6, fill: "currentColor"}), svg("circle", {cx: 15.4, cy: 9.6, r: 0.6, fill: "currentColor"}),
    svg("path", {d: `M7.6 ${15.6 - bend / 2.4} Q12 ${15.6 + bend} 16.4 ${15.6 - bend / 2.4}`}));
}
