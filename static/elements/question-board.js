// @ts-check
/** @import {Board, Likely, Question, You} from "../client/protocol.js" */
/** @import {Order} from "./rules.js" */
import {errorText, number, t} from "../i18n.js";
import {aria, h, icon, keyed, text, View} from "./dom.js";
import {keepFocus} from "./focus.js";
import {send} from "./intents.js";
import {QuestionItem} from "./question-item.js";
import {arrange, labelsOf} from "./rules.js";
import {SimilarQuestions} from "./similar-questions.js";
import {announce} from "./toast.js";

/** @typedef {{questions: Question[], you: You, now: () => number, board?: Board, staff?: boolean, ended?: boolean, exports?: boolean}} BoardView */

const longest = 600;

/** How many questions the staff is told the likely duplicates of, and how often one is looked up, in milliseconds. */
const compared = 40, every = 300;

/**
 * <question-board> lists questions and takes new ones. It sends "qa-ask",
 * what <question-item> and <similar-questions> send and, for staff, "qa-hold";
 * to the page "board-export", where the view offers that.
 * @extends {View<BoardView>}
 */
export class QuestionBoard extends View {
  /** @type {Order} */ #order = "votes";
  #label = "";
  /** What waited for approval when it was last drawn. @type {{own: Set<number>, all: Set<number>} | undefined} */ #waiting;
  /** Likely duplicates by question, as of its text; the server knows them. @type {Map<number, Likely[]>} */ #alike = new Map();
  /** @type {ReturnType<typeof setInterval> | undefined} */ #comparing;

  build() {
    this.classList.add("board");
    this.setAttribute("aria-busy", "true");
    this.orders = h("div", {class: "board__orders cluster", role: "group", aria: {label: t("qa.order")}});
    for (const order of /** @type {const} */ (["votes", "new", "open", "held", "aside"])) {
      this.orders.append(h("button", {type: "button", class: "chip", data: {order}, onclick: () => {
        this.#order = order;
        this.refresh();
      }}, t(`qa.order.${order}`), h("span", {class: "chip__count numeric"})));
    }
    this.labels = h("div", {class: "board__labels cluster", role: "group", aria: {label: t("qa.labels")}});
    this.hold = h("input", {type: "checkbox", role: "switch", onchange: () => {
      const on = Boolean(this.hold?.checked);
      send(this, "qa-hold", {on}).catch(() => this.refresh()); // shown again as it stands
    }});
    this.export = h("button", {type: "button", class: "btn btn--small btn--quiet", onclick: () =>
      this.dispatchEvent(new CustomEvent("board-export", {bubbles: true}))}, icon("copy"), t("qa.export"));
    this.tools = h("div", {class: "board__tools row"}, h("label", {class: "switch board__hold"}, h("span", null, t("qa.hold")), this.hold),
      h("span", {class: "push"}), this.export);
    this.ownTitle = h("h2", {class: "board__own-title"}, t("qa.own"));
    this.own = h("ul", {class: "board__list board__own", aria: {label: t("qa.own")}});
    this.list = h("ol", {class: "board__list", aria: {label: t("qa.label")}});
    this.loading = h("p", {class: "board__loading", role: "status"}, h("span", {class: "spinner", aria: {hidden: "true"}}), t("qa.loading"));
    this.emptyTitle = h("p", {class: "empty__title"});
    this.emptyText = h("p", {class: "empty__text"}, t("qa.empty.text"));
    this.empty = h("div", {class: "empty", hidden: true}, icon("question"), this.emptyTitle, this.emptyText);
    this.similar = new SimilarQuestions();
    this.similar.addEventListener("similar-taken", () => {
      if (!this.input) return;
      this.input.value = "";
      this.similar?.look("");
      this.input.focus();
    });
    this.input = h("textarea", {class: "textarea", rows: 1, maxLength: longest, placeholder: t("qa.placeholder"),
      aria: {label: t("qa.placeholder")}, oninput: () => this.similar?.look(this.input?.value ?? "")});
    this.input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.form?.requestSubmit();
    });
    this.anonymous = h("input", {type: "checkbox", class: "board__anonymous-box"});
    this.note = h("p", {class: "small muted board__note", role: "status", hidden: true}, t("qa.hold.note"));
    this.refusal = h("p", {class: "error chat__refusal", role: "alert", hidden: true});
    this.form = h("form", {class: "chat__form", onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void this.#ask();
    }}, this.similar, this.note, this.refusal, h("div", {class: "chat__line"}, this.input,
      h("button", {type: "submit", class: "btn btn--primary btn--icon", title: t("qa.ask"), aria: {label: t("qa.ask")}}, icon("send"))),
    h("label", {class: "board__anonymous small", title: t("qa.anonymous.hint")}, this.anonymous, t("qa.anonymous.ask")));
    this.closed = h("p", {class: "chat__closed", hidden: true}, t("qa.ended"));
    this.append(this.tools, this.orders, this.labels, h("div", {class: "board__scroll"}, this.loading, this.empty, this.ownTitle, this.own, this.list),
      this.form, this.closed);
  }

  connectedCallback() {
    super.connectedCallback();
    this.#comparing = setInterval(() => void this.#compare(), every);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#comparing);
  }

  /** @param {BoardView} view */
  update(view) {
    keepFocus(this, () => this.#draw(view), () => [this.input, this.orders?.querySelector("[aria-pressed=true]")]);
    this.#hear(view);
  }

  /**
   * Says aloud what waits for approval: to its asker, also what became of it,
   * and to the staff that there is something to decide.
   * @param {BoardView} view
   */
  #hear({questions, you, staff}) {
    const before = this.#waiting;
    const held = you.board?.held ?? [];
    this.#waiting = {own: new Set(held.filter(({state}) => state === "waiting").map(({id}) => id)),
      all: new Set(staff ? questions.filter(({state}) => state === "waiting").map(({id}) => id) : [])};
    if (!before) return;
    const {own, all} = this.#waiting;
    if ([...own].some((id) => !before.own.has(id))) announce(t("qa.say.held"));
    for (const id of before.own) {
      if (own.has(id)) continue;
      if (held.some((q) => q.id === id)) announce(t("qa.say.rejected"));
      else if (questions.some((q) => q.id === id)) announce(t("qa.say.approved"));
      else own.add(id); // it has left the one view and is not in the other yet
    }
    if ([...all].some((id) => !before.all.has(id))) announce(t("qa.say.waiting", {n: all.size}));
  }

  /** @param {BoardView} view */
  #draw({questions, you, ended, now, staff, board, exports}) {
    const {orders, labels, tools, hold, list, own, ownTitle, empty, emptyTitle, emptyText, form, closed, note, similar, loading} = this;
    if (!orders || !labels || !tools || !hold || !list || !own || !ownTitle || !empty || !emptyTitle || !emptyText || !form || !closed || !note ||
      !similar || !loading || !this.export) return;
    this.setAttribute("aria-busy", "false");
    loading.hidden = true;
    this.#heads(questions, Boolean(staff));
    tools.hidden = !staff;
    hold.checked = Boolean(board?.hold);
    this.export.hidden = !exports;
    note.hidden = !board?.hold || Boolean(staff);
    form.hidden = Boolean(ended);
    closed.hidden = !ended;

    const asked = new Set(you.board?.asked ?? []);
    const mine = (/** @type {Question} */ q) => q.by.id === you.id || asked.has(q.id);
    const expert = !staff && Boolean(board?.experts.some(({id}) => id === you.id));
    similar.view = {upvotes: you.upvotes, own: (id) => questions.some((q) => q.id === id && mine(q))};
    /** @param {Question} q @returns {import("./question-item.js").ItemView} */
    const item = (q) => ({q, you, now, own: mine(q), with: Boolean(q.merged?.some((id) => asked.has(id))), staff: Boolean(staff), expert,
      ended: Boolean(ended), similar: this.#alike.get(q.id) ?? none, others: this.#mergeable});
    const held = you.board?.held ?? [];
    ownTitle.hidden = own.hidden = held.length === 0;
    const make = () => h("li", null, new QuestionItem());
    keyed(own, held, (q) => q.id, make, (node, q) => (node.firstElementChild.view = {...item(q), own: true, staff: false, expert: false}));
    const shown = arrange(questions, this.#order, {label: this.#label, own: mine});
    keyed(list, shown, (q) => q.id, make, (node, q) => {
      node.firstElementChild.dataset.id = String(q.id);
      node.firstElementChild.view = item(q);
    });
    empty.hidden = shown.length + held.length > 0;
    const nothing = questions.length === 0;
    text(emptyTitle, t(this.#order === "held" || this.#order === "aside" ? `qa.empty.${this.#order}` : this.#label ? "qa.empty.label" : nothing ? "qa.empty" : "qa.empty.open"));
    emptyText.hidden = !nothing || Boolean(ended);
  }

  /** The chips above the list. @param {Question[]} questions @param {boolean} staff */
  #heads(questions, staff) {
    const {orders, labels} = this;
    if (!orders || !labels) return;
    /** @type {Record<string, number>} */
    const counts = {held: 0, aside: 0};
    for (const {state} of questions) {
      if (state === "waiting") counts.held++;
      else if (state === "dismissed") counts.aside++;
    }
    // What nobody waits in any more is left, so that nobody stands in an empty room without a door.
    if (this.#order === "held" && !(staff && (counts.held || this.view.board?.hold)) || this.#order === "aside" && !(staff && counts.aside)) this.#order = "votes";
    for (const chip of /** @type {Iterable<HTMLElement>} */ (orders.children)) {
      const order = chip.dataset.order ?? "";
      aria(chip, "pressed", order === this.#order);
      if (order === "held") chip.hidden = !staff || !counts.held && !this.view.board?.hold;
      if (order === "aside") chip.hidden = !staff || !counts.aside;
      text(/** @type {Element} */ (chip.lastElementChild), counts[order] ? number(counts[order]) : "");
    }
    orders.hidden = questions.length < 2 && counts.held + counts.aside === 0;
    const all = labelsOf(questions);
    if (!all.includes(this.#label)) this.#label = "";
    labels.hidden = all.length === 0;
    keyed(labels, all, (label) => label, (label) => h("button", {type: "button", class: "chip", onclick: () => {
      this.#label = this.#label === label ? "" : label;
      this.refresh();
    }}, icon("flag"), label), (node, label) => aria(node, "pressed", label === this.#label));
  }

  /** Into what a question may be merged; one function, so that views compare equal. */
  #mergeable = () => arrange(this.view.questions, "votes");

  /** Looks up, one at a time and only for the staff in front of the board, which questions are likely the same. */
  async #compare() {
    if (!this.view?.staff || document.hidden || this.offsetParent === null) return;
    const next = arrange(this.view.questions, this.#order).slice(0, compared).find((q) => !this.#alike.has(q.id) && q.state !== "dismissed");
    if (!next) return;
    this.#alike.set(next.id, none); // asked once
    try {
      const {questions} = await send(this, "qa-similar", {question: next.id});
      if (questions.length === 0) return;
      this.#alike.set(next.id, questions);
      const {id, text: words, votes, answered = false, state = "open"} = next;
      for (const other of questions) { // likeness is mutual: what was compared before this was asked learns of it now
        const known = this.#alike.get(other.id);
        if (known?.every((like) => like.id !== id)) this.#alike.set(other.id, [...known, {id, text: words, votes, answered, state, score: other.score}]);
      }
      this.refresh();
    } catch {
      // Not connected now, or it has gone: it is help, and nothing is lost without it.
    }
  }

  async #ask() {
    const {input, refusal, anonymous} = this;
    if (!input || !refusal || !anonymous) return;
    const words = input.value.trim();
    if (!words) return;
    input.value = "";
    this.similar?.look("");
    refusal.hidden = true;
    try {
      await send(this, "qa-ask", anonymous.checked ? {text: words, anonymous: true} : {text: words});
    } catch (err) {
      if (!input.value) input.value = words;
      refusal.hidden = false;
      text(refusal, errorText(/** @type {any} */ (err)));
    }
  }
}

/** No likely duplicates. @type {Likely[]} */
const none = [];

customElements.define("question-board", QuestionBoard);
