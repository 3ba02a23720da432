// @ts-check
/** @import {Survey, SurveyItem, SurveyType} from "../client/protocol.js" */
/** @import {Problem} from "./draft.js" */
// A survey as it is being written: as the editor's form holds it, and the rules
// that say whether it can be sent. Nothing here touches a page.

/**
 * An item being written; the choices of another type are kept, so that nothing is lost by
 * looking at what else there is.
 * @typedef {{type: SurveyType, text: string, choices: {text: string, correct: boolean}[], several: boolean, required: boolean}} ItemForm
 */
/** @typedef {{title: string, items: ItemForm[], atEnd: boolean, anonymous: boolean, hours: number}} SurveyForm */
/** Words in the language of whoever writes, by key. @typedef {(key: string) => string} Words */

/** The types of items, in the order in which they are offered. @type {readonly SurveyType[]} */
export const itemTypes = Object.freeze(["stars", "nps", "satisfaction", "choice", "text"]);

/** How long a survey may stay open after the class, in hours. */
export const hours = Object.freeze([1, 2, 6, 24, 72, 168]);

/** Text as the server will see it: without blanks at its ends. @param {string} text */
const clean = (text) => text.trim().normalize("NFC");

/** @param {SurveyType} type @param {string} [text] @param {boolean} [required] @returns {ItemForm} */
export const newItem = (type = "stars", text = "", required = false) =>
  ({type, text, choices: [{text: "", correct: false}, {text: "", correct: false}], several: false, required});

/** @returns {SurveyForm} */
export const newSurvey = () => ({title: "", items: [newItem()], atEnd: false, anonymous: false, hours: 24});

/** What is ready to be taken, by name. @type {Readonly<Record<"course" | "nps", (words: Words) => SurveyForm>>} */
export const templates = Object.freeze({
  course: (words) => ({...newSurvey(), title: words("host.survey.template.course.title"), atEnd: true, items: [
    newItem("stars", words("host.survey.template.stars"), true),
    newItem("text", words("host.survey.template.good")),
    newItem("text", words("host.survey.template.better")),
  ]}),
  nps: (words) => ({...newSurvey(), title: words("host.survey.template.nps.title"), items: [
    newItem("nps", words("host.survey.template.nps"), true),
    newItem("text", words("host.survey.template.why")),
  ]}),
});

/** @param {Survey} survey @returns {SurveyForm} */
export function surveyForm({title, items, when, anonymous = false, hours = 24}) {
  return {title, atEnd: when === "end", anonymous, hours, items: items.map(({type, text, choices, several = false, required = false}) =>
    ({...newItem(type, text, required), several, ...(choices && {choices: choices.map((choice) => ({text: choice, correct: false}))})}))};
}

/** The command's data; choices left empty are left out. @param {SurveyForm} form */
export function surveyData({title, items, atEnd, anonymous, hours}) {
  return {title: clean(title), when: atEnd ? "end" : "now", hours, ...(anonymous && {anonymous}), items: items.map((item) => {
    /** @type {SurveyItem} */
    const data = {type: item.type, text: clean(item.text)};
    if (item.type === "choice") {
      data.choices = item.choices.map(({text}) => clean(text)).filter(Boolean);
      if (item.several) data.several = true;
    }
    if (item.required) data.required = true;
    return data;
  })};
}

/** @param {SurveyForm} form @returns {Problem[]} */
export function surveyProblems({title, items}) {
  /** @type {Problem[]} */
  const problems = [];
  if (!clean(title)) problems.push({at: "title", why: "title"});
  items.forEach((item, i) => {
    if (!clean(item.text)) problems.push({at: `item${i}`, why: "text"});
    if (item.type !== "choice") return;
    const texts = item.choices.map(({text}) => clean(text));
    const twice = texts.findIndex((text, at) => text !== "" && texts.indexOf(text) < at);
    if (texts.filter(Boolean).length < 2) problems.push({at: `item${i}-${Math.max(0, texts.indexOf(""))}`, why: "choices"});
    else if (twice >= 0) problems.push({at: `item${i}-${twice}`, why: "twice"});
  });
  return problems;
}
