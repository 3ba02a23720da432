// @ts-check
/** @import {Likely, Question, Reply, You} from "../client/protocol.js" */
import {ago, errorText, number, t} from "../i18n.js";
import {unique} from "../client/unique.js";
import {aria, flag, h, icon, iconButton, keyed, text, View} from "./dom.js";
import {send} from "./intents.js";
import {plainMaths} from "./maths.js";
import {openMenu} from "./menu.js";
import {avatar, roleBadge} from "./person.js";
import {richText} from "./rich-text.js";
import {threads} from "./rules.js";

/** As long as the server takes them. */
const longest = 600, labelLength = 24, mostLabels = 5;

/**
 * A question and who looks at it: own is theirs, with merged what they asked is
 * part of it, expert is invited to answer. similar are questions that are
 * likely the same, for the staff; others are those it may be merged into.
 * @typedef {{q: Question, you: You, now: () => number, own: boolean, with: boolean, staff: boolean, expert: boolean, ended: boolean,
 *   similar: Likely[], others: () => Question[]}} ItemView
 */

/** Who asked, as the class sees it. @param {Question} q */
export const askerOf = (q) => (q.anonymous ? t("qa.anonymous") : q.by.name);

/**
 * <question-item> is one question of the board with its answers and what may
 * be done with it. It sends "qa-upvote", "qa-unvote" and, for the staff and
 * experts, "qa-answer" and "qa-reply"; for the staff "qa-focus", "qa-pin",
 * "qa-unpin", "qa-label", "qa-merge", "qa-dismiss", "qa-restore",
 * "qa-approve", "qa-reject" and "mod-delete".
 * @extends {View<ItemView>}
 */
export class QuestionItem extends View {
  build() {
    this.classList.add("question");
    this.vote = h("button", {type: "button", class: "question__vote", onclick: () => {
      const on = this.vote?.getAttribute("aria-pressed") === "true";
      quietly(send(this, on ? "qa-unvote" : "qa-upvote", {question: this.view.q.id}));
    }}, icon("upvote"), h("span", {class: "numeric"}));
    this.marks = h("p", {class: "question__marks"});
    this.who = h("span", {class: "question__name"});
    this.mine = h("span", {class: "badge badge--outline question__mine"}, t("qa.yours"));
    this.time = h("time", {class: "message__time"});
    this.words = h("p", {class: "question__text"});
    this.alike = h("button", {type: "button", class: "chip question__alike", onclick: () => this.#merge()}, icon("copy"), h("span"));
    this.wait = h("div", {class: "row question__wait"},
      h("button", {type: "button", class: "btn btn--primary btn--small", onclick: () => this.#do("qa-approve")}, icon("check"), t("qa.approve")),
      h("button", {type: "button", class: "btn btn--small", onclick: () => this.#do("qa-reject")}, icon("close"), t("qa.reject")));
    this.answers = h("ul", {class: "question__answers", aria: {label: t("qa.answers")}});
    this.more = iconButton("more", "", {class: "btn btn--icon btn--quiet btn--small message__more", onclick: () => this.#menu()});
    this.body = h("div", {class: "question__body"}, this.marks, h("p", {class: "question__head"}, this.who, this.mine, this.time), this.words,
      this.alike, this.wait, this.answers);
    this.append(this.vote, this.body, this.more);
  }

  /** @param {ItemView} view */
  update({q, you, now, own, with: included, staff, expert, ended, similar, others}) {
    const {vote, marks, who, mine, time, words, alike, wait, answers, more} = this;
    if (!vote || !marks || !who || !mine || !time || !words || !alike || !wait || !answers || !more) return;
    const waiting = q.state === "waiting", aside = q.state === "dismissed", refused = q.state === "rejected";
    flag(this, "question--pinned", q.pinned);
    flag(this, "question--answered", q.answered);
    flag(this, "question--focus", q.focus);
    flag(this, "question--waiting", waiting || refused);
    flag(this, "question--aside", aside);
    const voted = you.upvotes.includes(q.id);
    vote.hidden = waiting || refused;
    vote.disabled = ended || own || aside;
    aria(vote, "pressed", voted);
    aria(vote, "label", own ? t("qa.votes", {n: q.votes}) : t(voted ? "qa.unvote" : "qa.upvote", {n: q.votes}));
    text(/** @type {Element} */ (vote.lastElementChild), number(q.votes));
    /** @type {{key: string, look: string, picture: string, words: string}[]} */
    const badges = [];
    const badge = (/** @type {unknown} */ is, /** @type {string} */ key, /** @type {string} */ look, /** @type {string} */ picture, /** @type {string} */ label) => {
      if (is) badges.push({key: `${key}/${label}`, look, picture, words: label});
    };
    badge(q.focus, "focus", "badge badge--live question__focus", "", t("qa.focus"));
    badge(q.pinned, "pin", "badge badge--gold question__pin", "pin", t("qa.pinned"));
    badge(q.answered && !aside, "done", "badge badge--soft question__done", "check", t("qa.answered"));
    badge(waiting, "waiting", "badge badge--gold", "clock", t("qa.state.waiting"));
    badge(refused, "rejected", "badge badge--outline", "eye-off", t("qa.rejected.yours"));
    badge(aside, "aside", "badge badge--outline", "history", t("qa.state.dismissed"));
    badge(q.merged?.length, "merged", "badge badge--outline", "copy", t("qa.merged", {n: q.merged?.length ?? 0}));
    badge(included && !own, "with", "badge badge--soft question__with", "person", t("qa.merged.yours"));
    for (const label of q.labels ?? []) badge(true, "label", "badge badge--outline question__label", "flag", label);
    marks.hidden = badges.length === 0;
    keyed(marks, badges, ({key}) => key, ({look, picture, words: label}) => h("span", {class: look}, picture ? icon(picture) : null, label));
    text(who, askerOf(q));
    mine.hidden = !own;
    time.dateTime = new Date(q.at).toISOString();
    text(time, ago(q.at, now()));
    richText(words, q.text, {author: own, links: true});
    const there = staff && similar.length > 0 ? new Set(others().map(({id}) => id)) : new Set();
    const alikes = similar.filter(({id}) => there.has(id));
    alike.hidden = !staff || alikes.length === 0 || aside;
    text(/** @type {Element} */ (alike.lastElementChild), t("qa.similar.beside", {n: alikes.length}));
    wait.hidden = !waiting || !staff;
    keyed(answers, threads(q.answers), ({answer, depth}) => `${answer.id}/${depth}`, ({answer, depth}) => this.#answer(answer, depth));
    more.hidden = !staff && !expert || refused || ended && !staff || !staff && q.state === "dismissed";
    aria(more, "label", t("qa.more", {name: askerOf(q)}));
  }

  /** @param {Reply} a @param {0 | 1} depth */
  #answer(a, depth) {
    const {staff, expert, ended, you} = this.view;
    const words = h("p", {class: "question__text"});
    richText(words, a.text, {author: a.by.id === you.id, links: true});
    const node = h("li", {class: depth ? "answer answer--reply" : "answer", data: {id: a.id}}, avatar(a.by), h("div", {class: "grow"},
      h("p", {class: "question__head"}, h("span", {class: "question__name"}, a.by.name),
        a.expert ? h("span", {class: "badge badge--soft"}, icon("spark"), t("role.expert")) : roleBadge(a.by.role)),
      words));
    if (!staff && (!expert || ended)) return node;
    node.append(h("span", {class: "answer__acts"},
      iconButton("reply", t("qa.reply.to", {name: a.by.name}), {class: "btn btn--icon btn--quiet btn--small message__more", onclick: () => this.#write(a)}),
      staff ? iconButton("trash", t("mod.delete"), {class: "btn btn--icon btn--quiet btn--small message__more",
        onclick: () => quietly(send(this, "mod-delete", {item: a.id}))}) : null));
    return node;
  }

  /** @param {string} type @param {object} [more] */
  #do(type, more = {}) {
    quietly(send(this, type, {question: this.view.q.id, ...more}));
  }

  #menu() {
    const {q, staff} = this.view;
    if (!this.more) return;
    const write = {label: t("qa.answer"), icon: "edit", act: () => this.#write()};
    const reply = {label: t("qa.reply"), icon: "reply", act: () => this.#write(null)};
    if (!staff) return openMenu(this.more, [write, reply]);
    /** @type {import("./menu.js").MenuItem} */
    const remove = {label: t("mod.delete"), icon: "trash", danger: true, act: () => quietly(send(this, "mod-delete", {item: q.id}))};
    const label = {label: t("qa.labels"), icon: "flag", act: () => this.#label()};
    if (q.state === "waiting") {
      return openMenu(this.more, [{label: t("qa.approve"), icon: "check", act: () => this.#do("qa-approve")},
        {label: t("qa.reject"), icon: "close", act: () => this.#do("qa-reject")}, "line", label,
        {label: t("qa.merge"), icon: "copy", act: () => this.#merge()}, "line", remove]);
    }
    if (q.state === "dismissed") {
      return openMenu(this.more, [{label: t("qa.restore"), icon: "undo", act: () => this.#do("qa-restore")}, label, "line", remove]);
    }
    openMenu(this.more, [
      q.focus ? {label: t("qa.focus.stop"), icon: "stop", act: () => this.#do("qa-focus", {question: 0})}
        : {label: t("qa.focus.start"), icon: "play", act: () => this.#do("qa-focus")},
      {label: t("qa.answer.aloud"), icon: "check", act: () => this.#do("qa-answer")}, write, reply, "line",
      {label: t(q.pinned ? "qa.unpin" : "qa.pin"), icon: "pin", act: () => this.#do(q.pinned ? "qa-unpin" : "qa-pin")},
      label, {label: t("qa.merge"), icon: "copy", act: () => this.#merge()},
      {label: t("qa.dismiss"), icon: "history", act: () => this.#do("qa-dismiss")}, "line", remove]);
  }

  /**
   * Opens a form under the question, in place of another, with the focus in it.
   * @param {Node[]} fields
   * @param {string} submit
   * @param {() => Promise<any>} act
   */
  #form(fields, submit, act) {
    this.body?.querySelector("form")?.remove();
    const refusal = h("p", {class: "error", role: "alert", hidden: true});
    const close = () => {
      const inside = form.contains(document.activeElement);
      form.remove();
      if (inside) this.more?.focus();
    };
    const form = h("form", {class: "stack question__form", onsubmit: async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      try {
        await act();
        close();
      } catch (err) {
        refusal.hidden = false;
        text(refusal, errorText(/** @type {any} */ (err)));
      }
    }}, ...fields, refusal, h("div", {class: "row"},
      h("button", {type: "submit", class: "btn btn--primary btn--small"}, submit),
      h("button", {type: "button", class: "btn btn--quiet btn--small", onclick: close}, t("common.cancel"))));
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.stopPropagation();
      close();
    });
    this.body?.append(form);
    form.scrollIntoView({block: "nearest"});
    /** @type {HTMLElement | null} */ (form.querySelector("textarea, input, select"))?.focus();
  }

  /** Opens a field for an answer, or for a reply: to an answer, or under the question (null). @param {Reply | null} [to] */
  #write(to) {
    const {id} = this.view.q;
    const hint = to ? t("qa.reply.to", {name: to.by.name}) : t(to === null ? "qa.reply.placeholder" : "qa.answer.placeholder");
    const field = h("textarea", {class: "textarea", rows: 2, maxLength: longest, required: true, placeholder: hint, aria: {label: hint}});
    this.#form([field], t(to === undefined ? "qa.answer.send" : "qa.reply"), () => {
      const words = field.value.trim();
      if (to === undefined) return send(this, "qa-answer", {question: id, text: words});
      return send(this, "qa-reply", to ? {question: id, answer: to.id, text: words} : {question: id, text: words});
    });
  }

  #label() {
    const {q} = this.view;
    const id = `labels-${unique()}`;
    const field = h("input", {class: "input", id, value: (q.labels ?? []).join(", "), maxLength: mostLabels * (labelLength + 2), autocomplete: "off"});
    this.#form([h("label", {htmlFor: id, class: "small"}, t("qa.labels.hint", {n: mostLabels})), field], t("qa.labels.save"), () => {
      const labels = [...new Set(field.value.split(/[,，、;；\n]/).map((label) => label.trim()).filter(Boolean))];
      return send(this, "qa-label", {question: q.id, labels});
    });
  }

  /** Offers what this is likely the same as, and every other question. */
  #merge() {
    const {q, similar, others} = this.view;
    const there = new Set(others().map(({id}) => id)); // what was like it may have gone meanwhile
    const likely = similar.filter(({id}) => there.has(id));
    const rest = others().filter(({id}) => id !== q.id && !likely.some((other) => other.id === id));
    if (likely.length + rest.length === 0) {
      this.#form([h("p", {class: "small", tabIndex: -1}, t("qa.merge.none"))], t("common.close"), async () => {});
      return;
    }
    const name = `merge-${unique()}`;
    const choices = h("fieldset", {class: "question__merge"}, h("legend", {class: "small"}, t("qa.merge.into")));
    likely.forEach(({id, text: words, votes}, i) => choices.append(h("label", {class: "question__into"},
      h("input", {type: "radio", name, value: String(id), checked: i === 0}), h("span", null, plainMaths(words)), h("span", {class: "small faint numeric"}, t("qa.votes", {n: votes})))));
    const select = h("select", {class: "select", aria: {label: t("qa.merge.other")}}, h("option", {value: ""}, t("qa.merge.other")),
      ...rest.map((other) => h("option", {value: String(other.id)}, plainMaths(other.text))));
    select.hidden = rest.length === 0;
    if (likely.length === 0) select.required = true;
    choices.append(select);
    this.#form([choices], t("qa.merge.do"), () => {
      const picked = /** @type {HTMLInputElement | null} */ (choices.querySelector("input:checked"));
      return send(this, "qa-merge", {from: q.id, into: Number(select.value || picked?.value)});
    });
  }
}

/** The page shows what was refused; the view stays as the server says. @param {Promise<any>} reply */
function quietly(reply) {
  reply.catch(() => {});
}

customElements.define("question-item", QuestionItem);
