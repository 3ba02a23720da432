// @ts-check
/** @import {Question} from "../client/protocol.js" */
import {t} from "../i18n.js";
import {h, icon, iconButton, text, View} from "./dom.js";
import {send} from "./intents.js";
import {plainMaths} from "./maths.js";
import {richText} from "./rich-text.js";
import {announce} from "./toast.js";

/**
 * <question-focus> lies over the picture and shows which question is being
 * answered now. The staff can say there that it is: "qa-answer" (aloud, which
 * ends it) and "qa-focus".
 * @extends {View<{question: Question | null, staff?: boolean}>}
 */
export class QuestionFocus extends View {
  #said = 0;

  build() {
    this.classList.add("focus");
    this.hidden = true;
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", t("qa.focus"));
    this.who = h("span", {class: "focus__who"});
    this.words = h("p", {class: "focus__text"});
    this.done = h("button", {type: "button", class: "btn btn--small focus__done", onclick: () =>
      send(this, "qa-answer", {question: this.view.question?.id}).catch(() => {})}, icon("check"), t("qa.answer.aloud"));
    this.stop = iconButton("close", t("qa.focus.stop"), {class: "btn btn--icon btn--quiet btn--small focus__stop", onclick: () =>
      send(this, "qa-focus", {question: 0}).catch(() => {})});
    this.append(h("div", {class: "focus__body"}, h("p", {class: "focus__head"}, icon("question"), h("strong", null, t("qa.focus")), this.who), this.words),
      this.done, this.stop);
  }

  /** @param {{question: Question | null, staff?: boolean}} view */
  update({question, staff}) {
    if (!this.who || !this.words || !this.done || !this.stop) return;
    this.hidden = !question;
    this.done.hidden = this.stop.hidden = !staff;
    if (question) {
      text(this.who, question.anonymous ? t("qa.anonymous") : question.by.name);
      richText(this.words, question.text);
      if (question.id !== this.#said) announce(t("qa.focus.say", {text: plainMaths(question.text)}));
    }
    this.#said = question?.id ?? 0;
  }
}

customElements.define("question-focus", QuestionFocus);
