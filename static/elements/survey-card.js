// @ts-check
/** @import {Survey, SurveyAnswer} from "../client/protocol.js" */
import {dateWithin, t} from "../i18n.js";
import {h, icon, keyed, text, View} from "./dom.js";
import {send} from "./intents.js";
import {richText} from "./rich-text.js";
import {counted} from "./poll-result.js";
import {SurveyForm} from "./survey-form.js";
import {drawSurveyResult} from "./survey-result.js";
import {announce} from "./toast.js";

/** @typedef {{survey: Survey, mine?: (SurveyAnswer | null)[], staff?: boolean}} SurveyView */

/**
 * <survey-card> draws a survey and sends "survey-answer"; for staff also
 * "survey-close" and "survey-show", and it reads what people wrote
 * ("survey-texts"). A viewer sees the form, then that their answers have
 * arrived, and a result only once it is shown; the staff sees the result as it
 * grows.
 * @extends {View<SurveyView>}
 */
export class SurveyCard extends View {
  /** @type {SurveyForm | undefined} */ #form;
  /** Whether answers that were sent are being changed. */
  #editing = false;
  #survey = 0;
  /** All that people wrote, by item, where it was asked for. @type {Map<number, string[]>} */ #read = new Map();

  build() {
    this.classList.add("activity-card", "survey");
    this.state = h("span", {class: "badge"});
    this.people = h("span", {class: "small faint numeric"});
    this.notes = h("span", {class: "cluster"});
    this.heading = h("h2", {class: "activity-card__title", tabIndex: -1});
    this.privacy = h("p", {class: "survey__privacy small"}, icon("lock"), h("span"));
    this.place = h("div", {class: "survey__form"});
    this.#form ??= new SurveyForm(this.place, (answers) => this.#answer(answers));
    this.#form.move(this.place);
    this.result = h("div", {class: "survey__result"});
    this.sent = counted(t("survey.sent"));
    this.change = h("button", {type: "button", class: "btn btn--quiet btn--small", onclick: () => this.#edit(true)}, icon("edit"), t("survey.change"));
    this.cancel = h("button", {type: "button", class: "btn btn--quiet btn--small", onclick: () => this.#edit(false)}, t("survey.keep"));
    this.hint = h("p", {class: "small faint"});
    this.staffRow = h("div", {class: "cluster"},
      ...[["close", "btn btn--small", {}], ["show", "btn btn--small", {}], ["words", "btn btn--small", {words: true}]].map(([act, look, data]) =>
        h("button", {type: "button", class: look, data: {act: String(act)}, onclick: () => this.#staff(act === "close" ? "survey-close" : "survey-show", /** @type {object} */ (data))}, t(`survey.${act}`))));
    this.foot = h("div", {class: "activity-card__foot"}, this.sent, this.hint, this.change, this.cancel, this.staffRow);
    this.append(h("div", {class: "activity-card__head"}, h("span", {class: "badge badge--soft"}, icon("smile"), t("survey.name")), this.state, this.notes, this.people),
      this.heading, this.privacy, this.place, this.result, this.foot);
  }

  /** @param {SurveyView} view */
  update({survey, mine, staff = false}) {
    const {state, people, notes, heading, privacy, place, result, foot, hint, staffRow} = this;
    if (!state || !people || !notes || !heading || !privacy || !place || !result || !foot || !hint || !staffRow || !this.sent || !this.change || !this.cancel) return;
    if (this.#survey !== survey.id) {
      this.#survey = survey.id;
      this.#editing = false;
      this.#read.clear();
    }
    const open = survey.phase === "open";
    const answered = mine !== undefined;
    const answers = open && !staff && (!answered || this.#editing);
    text(state, t(`survey.phase.${survey.phase}`));
    text(people, t("survey.answered", {n: survey.answered ?? 0}));
    people.hidden = !staff;
    const said = [...(survey.anonymous ? ["anonymous"] : []), ...(staff && survey.phase === "closed" && !survey.shown ? ["unseen"] : []), ...(staff && survey.shown === "figures" ? ["unseen.words"] : [])];
    keyed(notes, said, (note) => note, (note) => h("span", {class: "badge badge--outline"}, t(`survey.${note}`)));
    notes.hidden = said.length === 0;
    richText(heading, survey.title, {author: staff});
    privacy.hidden = !open || staff;
    text(/** @type {Element} */ (privacy.lastElementChild), t(survey.anonymous ? "survey.privacy.anonymous" : "survey.privacy.named"));
    place.hidden = !answers;
    if (open && !staff) this.#form?.draw(survey, mine);
    result.hidden = !survey.result;
    if (survey.result) drawSurveyResult(result, this.#all(survey), staff ? (item) => void this.#texts(item) : undefined);
    this.sent.hidden = !open || !answered || this.#editing || staff;
    this.change.hidden = this.sent.hidden;
    this.cancel.hidden = !answers || !answered;
    text(hint, [staff && open && survey.anonymous ? t("survey.anonymous.staff") : "", open && survey.until ? t("survey.until", {date: dateWithin(survey.until)}) : "",
      staff && survey.phase === "closed" && !survey.shown ? t("survey.unseen.hint") : ""].filter(Boolean).join(" "));
    /** @type {Record<string, boolean>} */
    const can = {close: open, show: survey.phase === "closed" && !survey.shown,
      words: survey.phase === "closed" && survey.shown !== "all" && survey.items.some(({type}) => type === "text")};
    for (const button of /** @type {Iterable<HTMLElement>} */ (staffRow.children)) button.hidden = !can[button.dataset.act ?? ""];
    staffRow.hidden = !staff || Object.values(can).every((is) => !is);
    foot.hidden = staffRow.hidden && this.sent.hidden && this.cancel.hidden && !hint.textContent;
  }

  /** The survey with all that was read of people's words. @param {Survey} survey @returns {Survey} */
  #all(survey) {
    if (!survey.result || this.#read.size === 0) return survey;
    return {...survey, result: {...survey.result, items: survey.result.items.map((item, i) => {
      const read = this.#read.get(i);
      return read && read.length >= item.n ? {...item, texts: read} : item;
    })}};
  }

  /** Reads all that people wrote to an item. @param {number} item */
  async #texts(item) {
    const {id} = this.view.survey;
    /** @type {string[]} */
    const all = [];
    try {
      for (let after = 0; ;) {
        const {texts, next} = await send(this, "survey-texts", {survey: id, item, after});
        all.push(...texts);
        if (!next) break;
        after = next;
      }
    } catch {
      return; // the page has shown why
    }
    if (this.view.survey.id !== id) return;
    this.#read.set(item, all);
    this.refresh();
  }

  /** @param {(SurveyAnswer | null)[]} answers */
  async #answer(answers) {
    await send(this, "survey-answer", {survey: this.view.survey.id, answers});
    this.#editing = false;
    this.refresh();
    announce(t("survey.sent"));
    this.heading?.focus({preventScroll: true}); // what had the focus is gone
  }

  /** @param {boolean} on */
  #edit(on) {
    this.#editing = on;
    if (!on) this.#form?.reset();
    this.refresh();
    if (on) this.#form?.focus();
    else this.change?.focus();
  }

  /** The page shows what was refused. @param {string} type @param {object} data */
  #staff(type, data) {
    send(this, type, {survey: this.view.survey.id, ...data}).catch(() => {});
  }
}

customElements.define("survey-card", SurveyCard);
