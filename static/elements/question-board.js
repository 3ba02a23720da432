// @ts-check
/** @import {Question, Reply, You} from "../client/protocol.js" */
/** @import {Order} from "./rules.js" */
import {ago, errorText, number, t} from "../i18n.js";
import {aria, flag, h, icon, iconButton, keyed, text, View} from "./dom.js";
import {send} from "./intents.js";
import {openMenu} from "./menu.js";
import {avatar, roleBadge} from "./person.js";
import {arrange} from "./rules.js";

/** @typedef {{questions: Question[], you: You, now: () => number, staff?: boolean, ended?: boolean}} BoardView */

const longest = 600;

/**
 * <question-board> lists questions and takes new ones. It sends "qa-ask",
 * "qa-upvote", "qa-unvote" and, for staff, "qa-answer", "qa-pin", "qa-unpin"
 * and "mod-delete".
 * @extends {View<BoardView>}
 */
export class QuestionBoard extends View {
  /** @type {Order} */ #order = "votes";

  build() {
    this.classList.add("board");
    this.orders = h("div", {class: "board__orders cluster", role: "group", aria: {label: t("qa.order")}});
    for (const order of /** @type {const} */ (["votes", "new", "open"])) {
      this.orders.append(h("button", {type: "button", class: "chip", data: {order}, onclick: () => {
        this.#order = order;
        this.refresh();
      }}, t(`qa.order.${order}`)));
    }
    this.list = h("ol", {class: "board__list", aria: {label: t("qa.label")}});
    this.emptyTitle = h("p", {class: "empty__title"});
    this.empty = h("div", {class: "empty"}, icon("question"), this.emptyTitle, h("p", {class: "empty__text"}, t("qa.empty.text")));
    this.input = h("textarea", {class: "textarea", rows: 1, maxLength: longest, placeholder: t("qa.placeholder"),
      aria: {label: t("qa.placeholder")}});
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.form?.requestSubmit();
    });
    this.refusal = h("p", {class: "error chat__refusal", role: "alert", hidden: true});
    this.form = h("form", {class: "chat__form", onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void this.#ask();
    }}, this.refusal, h("div", {class: "chat__line"}, this.input,
      h("button", {type: "submit", class: "btn btn--primary btn--icon", title: t("qa.ask"), aria: {label: t("qa.ask")}}, icon("send"))));
    this.closed = h("p", {class: "chat__closed", hidden: true}, t("qa.ended"));
    this.append(this.orders, h("div", {class: "board__scroll"}, this.empty, this.list), this.form, this.closed);
  }

  /** @param {BoardView} view */
  update({questions, you, ended, now}) {
    const {orders, list, empty, emptyTitle, form, closed} = this;
    if (!orders || !list || !empty || !emptyTitle || !form || !closed) return;
    for (const chip of orders.children) aria(chip, "pressed", /** @type {HTMLElement} */ (chip).dataset.order === this.#order);
    orders.hidden = questions.length < 2;
    const shown = arrange(questions, this.#order);
    empty.hidden = shown.length > 0;
    text(emptyTitle, t(questions.length ? "qa.empty.open" : "qa.empty"));
    form.hidden = Boolean(ended);
    closed.hidden = !ended;
    const mine = new Set(you.upvotes);
    keyed(list, shown, (q) => q.id, (q) => this.#question(q), (node, q) => {
      flag(node, "question--pinned", q.pinned);
      flag(node, "question--answered", q.answered);
      const vote = node.querySelector(".question__vote");
      const own = mine.has(q.id);
      aria(vote, "pressed", own);
      aria(vote, "label", t(own ? "qa.unvote" : "qa.upvote", {n: q.votes}));
      vote.disabled = Boolean(ended);
      text(vote.querySelector("span"), number(q.votes));
      node.querySelector(".question__pin").hidden = !q.pinned;
      node.querySelector(".question__done").hidden = !q.answered;
      node.querySelector(".question__marks").hidden = !q.pinned && !q.answered;
      text(node.querySelector("time"), ago(q.at, now()));
      keyed(node.querySelector(".question__answers"), q.answers, (a) => a.id, (a) => this.#answer(a));
    });
  }

  /** @param {Question} q */
  #question(q) {
    const vote = h("button", {type: "button", class: "question__vote"}, icon("upvote"), h("span", {class: "numeric"}));
    vote.onclick = () => {
      const on = vote.getAttribute("aria-pressed") === "true";
      quietly(send(this, on ? "qa-unvote" : "qa-upvote", {question: q.id}));
    };
    const node = h("li", {class: "question", data: {id: q.id}}, vote,
      h("div", {class: "question__body"},
        h("p", {class: "question__marks"},
          h("span", {class: "badge badge--gold question__pin"}, icon("pin"), t("qa.pinned")),
          h("span", {class: "badge badge--soft question__done"}, icon("check"), t("qa.answered"))),
        h("p", {class: "question__head"}, h("span", {class: "question__name"}, q.by.name), h("time", {class: "message__time", dateTime: new Date(q.at).toISOString()})),
        h("p", {class: "question__text"}, q.text),
        h("ul", {class: "question__answers"})));
    if (this.view.staff) {
      const more = iconButton("more", t("qa.more", {name: q.by.name}), {class: "btn btn--icon btn--quiet btn--small message__more"});
      more.onclick = () => this.#menu(more, q.id);
      node.append(more);
    }
    return node;
  }

  /** @param {Reply} a */
  #answer(a) {
    const node = h("li", {class: "answer"}, avatar(a.by), h("div", {class: "grow"},
      h("p", {class: "question__head"}, h("span", {class: "question__name"}, a.by.name), roleBadge(a.by.role)), h("p", {class: "question__text"}, a.text)));
    if (this.view.staff) {
      node.append(iconButton("trash", t("mod.delete"), {class: "btn btn--icon btn--quiet btn--small message__more",
        onclick: () => quietly(send(this, "mod-delete", {item: a.id}))}));
    }
    return node;
  }

  /** @param {HTMLElement} button @param {number} id */
  #menu(button, id) {
    const q = this.view.questions.find((other) => other.id === id);
    if (!q) return;
    openMenu(button, [
      {label: t("qa.answer"), icon: "reply", act: () => this.#writeAnswer(id)},
      {label: t("qa.answer.aloud"), icon: "check", act: () => quietly(send(this, "qa-answer", {question: id}))},
      {label: t(q.pinned ? "qa.unpin" : "qa.pin"), icon: "pin", act: () => quietly(send(this, q.pinned ? "qa-unpin" : "qa-pin", {question: id}))},
      "line",
      {label: t("mod.delete"), icon: "trash", danger: true, act: () => quietly(send(this, "mod-delete", {item: id}))},
    ]);
  }

  /** Opens a field for an answer under the question. @param {number} id */
  #writeAnswer(id) {
    const body = this.querySelector(`.question[data-id="${id}"] .question__body`);
    if (!body) return;
    body.querySelector("form")?.remove();
    const field = h("textarea", {class: "textarea", rows: 2, maxLength: longest, required: true, placeholder: t("qa.answer.placeholder"),
      aria: {label: t("qa.answer.placeholder")}});
    const refusal = h("p", {class: "error", role: "alert", hidden: true});
    const form = h("form", {class: "stack", style: {"--gap": "var(--s-2)"}, onsubmit: async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      try {
        await send(this, "qa-answer", {question: id, text: field.value.trim()});
        form.remove();
      } catch (err) {
        refusal.hidden = false;
        text(refusal, errorText(/** @type {any} */ (err)));
      }
    }}, field, refusal, h("div", {class: "row"},
      h("button", {type: "submit", class: "btn btn--primary btn--small"}, t("qa.answer.send")),
      h("button", {type: "button", class: "btn btn--quiet btn--small", onclick: () => form.remove()}, t("common.cancel"))));
    body.append(form);
    field.focus();
  }

  async #ask() {
    const {input, refusal} = this;
    if (!input || !refusal) return;
    const words = input.value.trim();
    if (!words) return;
    input.value = "";
    refusal.hidden = true;
    try {
      await send(this, "qa-ask", {text: words});
    } catch (err) {
      if (!input.value) input.value = words;
      refusal.hidden = false;
      text(refusal, errorText(/** @type {any} */ (err)));
    }
  }
}

/** The page shows what was refused; the view stays as the server says. @param {Promise<any>} reply */
function quietly(reply) {
  reply.catch(() => {});
}

customElements.define("question-board", QuestionBoard);
