// @ts-check
/** @import {HeldMessage, Message, Question, You} from "../client/protocol.js" */
/** @import {Act} from "./keys.js" */
/** @import {Entry, Filter} from "./stream.js" */
import {flag, h, icon, iconButton, keyed, text, View} from "../elements/dom.js";
import {send} from "../elements/intents.js";
import {openMenu} from "../elements/menu.js";
import {avatar, roleBadge} from "../elements/person.js";
import {askerOf} from "../elements/question-item.js";
import {plainMaths} from "../elements/maths.js";
import {richText} from "../elements/rich-text.js";
import {announce} from "../elements/toast.js";
import {slowName, slowSteps} from "../host/class-dialog.js";
import {number, t, time} from "../i18n.js";
import {entries, heir, move} from "./stream.js";

/** @typedef {{chat: Message[], questions: Question[], you: You, muted: Set<string>, slow: number, hold: boolean, waiting: HeldMessage[]}} StreamView */

/**
 * <mod-stream> shows all that is written in a class as it comes. One entry can
 * be picked, by pointer or keys, and acted upon; while one is picked the
 * stream stands still. It sends "mod-delete", "mod-mute", "mod-ban",
 * "mod-approve", "mod-reject", "mod-slow", "qa-hold", "qa-approve", "qa-reject", "qa-focus", "qa-pin", "qa-unpin", "qa-dismiss",
 * "qa-restore" and "qa-answer".
 * @extends {View<StreamView>}
 */
export class ModStream extends View {
  /** @type {Filter} */ #filter = "all";
  #picked = 0;
  #atEnd = true;
  #newest = 0;
  #unseen = 0;
  /** @type {Entry[]} */ #shown = [];
  /** How many messages and questions waited for approval when it was last drawn. */ #held = -1;

  build() {
    this.classList.add("stream");
    this.filters = h("div", {class: "cluster", role: "group", aria: {label: t("mod.filter")}});
    for (const filter of /** @type {const} */ (["all", "chat", "questions", "held"])) {
      this.filters.append(h("button", {type: "button", class: "chip", data: {filter}, onclick: () => {
        this.#filter = filter;
        this.#picked = 0;
        this.refresh();
        this.#toEnd();
      }}, t(`mod.filter.${filter}`), h("span", {class: "chip__count numeric"})));
    }
    this.list = h("ol", {class: "stream__list", role: "list", tabIndex: 0, aria: {label: t("mod.stream")}});
    this.list.addEventListener("scroll", () => this.#scrolled(), {passive: true});
    this.pill = h("button", {type: "button", class: "stream__pill", hidden: true, onclick: () => {
      this.#pick(0);
      this.#toEnd();
    }});
    this.emptyTitle = h("p", {class: "empty__title"});
    this.emptyText = h("p", {class: "empty__text"}, t("mod.stream.empty.text"));
    this.empty = h("div", {class: "empty"}, icon("chat"), this.emptyTitle, this.emptyText);
    this.slow = h("button", {type: "button", class: "chip stream__slow", aria: {haspopup: "menu"}, onclick: () => this.#slowMenu()},
      icon("clock"), h("span"), icon("chevron-down"));
    this.hold = h("button", {type: "button", class: "chip", title: t("qa.hold.hint"), onclick: () => quietly(send(this, "qa-hold", {on: !this.view.hold}))},
      icon("eye"), t("qa.hold"));
    this.append(h("div", {class: "stream__head"}, this.filters, this.hold, this.slow), h("div", {class: "stream__scroll"}, this.empty, this.list, this.pill));
  }

  /** @param {StreamView} view */
  update({chat, questions, you, muted, slow, hold, waiting}) {
    const {list, filters, empty} = this;
    if (!list || !filters || !empty || !this.slow || !this.hold || !this.emptyTitle || !this.emptyText) return;
    this.hold.setAttribute("aria-pressed", String(hold));
    text(this.slow.children[1], slow > 0 ? t("mod.slow.on", {time: slowName(slow)}) : t("host.slow"));
    flag(this.slow, "stream__slow--on", slow > 0);
    this.slow.setAttribute("aria-label", this.slow.textContent ?? "");
    const held = questions.filter((q) => q.state === "waiting").length + waiting.length;
    if (this.#held >= 0 && held > this.#held) announce(t("mod.say.waiting", {n: held}));
    this.#held = held;
    const heldChip = /** @type {HTMLElement} */ (filters.lastElementChild);
    heldChip.hidden = held === 0 && !hold;
    text(/** @type {Element} */ (heldChip.lastElementChild), held ? number(held) : "");
    if (heldChip.hidden && this.#filter === "held") this.#filter = "all"; // dealt with, and nothing new is held
    const before = this.#shown;
    const focused = list.contains(document.activeElement);
    this.#shown = entries(chat, questions, this.#filter, waiting);
    const gone = this.#picked !== 0 && !this.#shown.some((entry) => entry.id === this.#picked);
    if (gone) this.#picked = heir(before, this.#picked);
    if (!this.#shown.some((entry) => entry.id === this.#picked)) this.#picked = 0;
    for (const chip of /** @type {Iterable<HTMLElement>} */ (filters.children)) chip.setAttribute("aria-pressed", String(chip.dataset.filter === this.#filter));
    empty.hidden = this.#shown.length > 0;
    text(this.emptyTitle, t(this.#filter === "held" ? "qa.empty.held" : "mod.stream.empty"));
    this.emptyText.hidden = this.#filter === "held";
    list.hidden = this.#shown.length === 0;
    keyed(list, this.#shown, (entry) => entry.id, (entry) => this.#entry(entry, you), (node, entry) => {
      const picked = entry.id === this.#picked;
      if ((node.getAttribute("aria-current") === "true") !== picked) {
        node.setAttribute("aria-current", String(picked));
        for (const button of node.querySelectorAll(".btn")) button.tabIndex = picked ? 0 : -1; // only the picked one's are on the way
      }
      flag(node, "entry--muted", muted.has(entry.by.id));
      if (entry.question) {
        const {votes, pinned, answered, state, focus} = entry.question;
        const waits = state === "waiting", aside = state === "dismissed";
        flag(node, "entry--waiting", waits);
        node.querySelector(".entry__waiting").hidden = !waits;
        node.querySelector(".entry__aside").hidden = !aside;
        node.querySelector(".entry__focus").hidden = !focus;
        node.querySelector(".entry__votes").hidden = waits;
        for (const act of ["approve", "reject"]) node.querySelector(`[data-act=${act}]`).hidden = !waits;
        for (const act of ["pin", "focus"]) node.querySelector(`[data-act=${act}]`).hidden = waits || aside;
        node.querySelector("[data-act=dismiss]").hidden = waits;
        node.querySelector("[data-act=dismiss]").setAttribute("aria-pressed", String(aside));
        node.querySelector("[data-act=focus]").setAttribute("aria-pressed", String(Boolean(focus)));
        text(node.querySelector(".entry__votes"), t("mod.votes", {n: votes}));
        node.querySelector(".entry__answered").hidden = !answered;
        node.querySelector(".entry__pinned").hidden = !pinned;
        node.querySelector("[data-act=pin]").setAttribute("aria-pressed", String(pinned));
        node.querySelector("[data-act=answered]").hidden = Boolean(answered) || waits || aside;
      }
    });
    if (gone && focused) this.#focus();
    const newest = this.#shown.at(-1)?.id ?? 0;
    if (newest > this.#newest) {
      if (this.#newest && !this.#following) this.#unseen += this.#shown.filter((entry) => entry.id > this.#newest).length;
      this.#newest = newest;
    }
    if (this.#following) this.#toEnd();
    this.#showPill();
  }

  /** New entries scroll into sight by themselves. */
  get #following() {
    return this.#atEnd && this.#picked === 0;
  }

  /** @param {Entry} entry @param {You} you */
  #entry(entry, you) {
    const {by, kind} = entry;
    const act = (/** @type {Act} */ name, /** @type {string} */ picture, /** @type {string} */ label, /** @type {string} */ key) =>
      iconButton(picture, label, {class: "btn btn--icon btn--quiet btn--small", data: {act: name}, title: `${label} (${key})`, tabIndex: -1,
        onclick: (/** @type {Event} */ event) => {
          event.stopPropagation();
          this.#pick(entry.id);
          this.act(name);
        }});
    const person = by.id !== "" && by.id !== you.id && by.role !== "host"; // without an id: anonymous
    const words = h("p", {class: "entry__text"});
    richText(words, entry.text);
    const waits = entry.rule !== undefined;
    const node = h("li", {class: `entry entry--${kind}${waits ? " entry--waiting" : ""}`, id: `entry-${entry.id}`, tabIndex: -1, onclick: () => this.#pick(entry.id)},
      avatar(by),
      h("div", {class: "entry__body grow"},
        h("p", {class: "entry__head"}, h("span", {class: "entry__name"}, entry.question ? askerOf(entry.question) : by.name), roleBadge(by.role),
          kind === "chat" ? null : h("span", {class: "badge badge--soft"}, icon("question"), t(`mod.kind.${kind}`)),
          entry.question ? h("span", {class: "small faint numeric entry__votes"}) : null,
          entry.question ? h("span", {class: "badge entry__pinned"}, icon("pin"), t("mod.pinned")) : null,
          entry.question ? h("span", {class: "badge entry__answered"}, icon("check"), t("mod.answered")) : null,
          entry.question ? h("span", {class: "badge badge--live entry__focus"}, t("qa.focus")) : null,
          entry.question ? h("span", {class: "badge badge--gold entry__waiting"}, icon("clock"), t("qa.state.waiting")) : null,
          entry.question ? h("span", {class: "badge badge--outline entry__aside"}, icon("history"), t("qa.state.dismissed")) : null,
          waits ? h("span", {class: "badge badge--gold entry__waiting"}, icon("clock"), t("qa.state.waiting")) : null,
          waits ? h("span", {class: "small faint entry__rule"}, t("mod.rule", {rule: ruleName(entry.rule ?? "")})) : null,
          h("span", {class: "badge badge--outline entry__mute"}, t("mod.muted")),
          h("time", {class: "small faint", dateTime: new Date(entry.at).toISOString()}, time(entry.at))),
        entry.asked ? h("p", {class: "message__quote truncate"}, plainMaths(entry.asked)) : null,
        words),
      h("div", {class: "entry__acts"},
        entry.question || waits ? act("approve", "check", t("qa.approve"), "Y") : null,
        entry.question || waits ? act("reject", "close", t("qa.reject"), "N") : null,
        entry.question ? act("focus", "play", t("mod.focus"), "F") : null,
        entry.question ? act("pin", "pin", t("mod.pin"), "P") : null,
        entry.question ? act("answered", "check", t("mod.answered.mark"), "A") : null,
        entry.question ? act("dismiss", "history", t("mod.dismiss"), "X") : null,
        waits ? null : act("delete", "trash", t("mod.delete"), "D"),
        person ? act("mute", "mute", t("mod.mute.minutes", {n: 1}), "M") : null,
        person ? act("mute-long", "clock", t("mod.mute.minutes", {n: 10}), "⇧M") : null,
        person ? act("ban", "ban", t("mod.ban"), "B") : null));
    return node;
  }

  /**
   * Does what a key asks for with the entry that is picked.
   * @param {Act} act
   * @returns {boolean} whether it was for this element
   */
  act(act) {
    if (act === "next" || act === "previous") {
      this.#pick(move(this.#shown, this.#picked, act === "next" ? 1 : -1));
      this.#focus();
    } else if (act === "newest") this.#pick(0);
    else if (act === "slow") this.#slowMenu();
    else return this.#deal(act, this.#shown.find((entry) => entry.id === this.#picked));
    return true;
  }

  /** @param {Act} act @param {Entry | undefined} entry */
  #deal(act, entry) {
    if (!entry) return false;
    const {id, by, question, rule} = entry;
    const others = by.id !== "" && by.id !== this.view.you.id && by.role !== "host";
    const waits = question?.state === "waiting", aside = question?.state === "dismissed";
    const board = question && !waits && !aside;
    if (rule !== undefined && act === "approve") quietly(send(this, "mod-approve", {item: id}));
    else if (rule !== undefined && (act === "reject" || act === "delete")) quietly(send(this, "mod-reject", {item: id}));
    else if (act === "delete") quietly(send(this, "mod-delete", {item: id}));
    else if (act === "approve" && waits) quietly(send(this, "qa-approve", {question: id}));
    else if (act === "reject" && waits) quietly(send(this, "qa-reject", {question: id}));
    else if (act === "focus" && board) quietly(send(this, "qa-focus", {question: question.focus ? 0 : id}));
    else if (act === "dismiss" && question && !waits) quietly(send(this, aside ? "qa-restore" : "qa-dismiss", {question: id}));
    else if (act === "pin" && board) quietly(send(this, question.pinned ? "qa-unpin" : "qa-pin", {question: id}));
    else if (act === "answered" && board && !question.answered) quietly(send(this, "qa-answer", {question: id}));
    else if (act === "mute" && others) quietly(send(this, "mod-mute", {user: by.id, seconds: 60}));
    else if (act === "mute-long" && others) quietly(send(this, "mod-mute", {user: by.id, seconds: 600}));
    else if (act === "ban" && others) quietly(send(this, "mod-ban", {user: by.id}));
    else return false;
    return true;
  }

  #slowMenu() {
    if (!this.slow) return;
    openMenu(this.slow, [{title: t("host.slow")}, ...slowSteps.map((n) => ({label: slowName(n), checked: n === this.view.slow,
      act: () => quietly(send(this, "mod-slow", {seconds: n}))}))]);
  }

  /** @param {number} id 0: nothing */
  #pick(id) {
    this.#picked = id;
    this.refresh();
    this.querySelector(`#entry-${id}`)?.scrollIntoView({block: "nearest"});
    if (id === 0) this.#toEnd();
  }

  /** Puts the focus where the pick is, so that it is read aloud and Tab leads to its buttons. */
  #focus() {
    const node = this.querySelector(`#entry-${this.#picked}`) ?? this.list;
    if (node instanceof HTMLElement) node.focus({preventScroll: true});
  }

  #scrolled() {
    const {list} = this;
    if (!list) return;
    this.#atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 48;
    if (this.#following) this.#unseen = 0;
    this.#showPill();
  }

  #toEnd() {
    if (this.list) this.list.scrollTop = this.list.scrollHeight;
    this.#atEnd = true;
    this.#unseen = 0;
    this.#showPill();
  }

  /** The page calls it when the stream becomes visible: hidden things do not scroll. */
  shown() {
    if (this.#following) this.#toEnd();
  }

  #showPill() {
    if (!this.pill) return;
    this.pill.hidden = this.#unseen === 0;
    text(this.pill, t("mod.new", {n: this.#unseen}));
  }
}

/** What found something in a text: a rule of the check by its name in words, a list by its own. @param {string} rule */
function ruleName(rule) {
  const key = `mod.rule.${rule}`, words = t(key);
  return words === key ? rule : words;
}

/** The page shows what was refused. @param {Promise<unknown>} reply */
function quietly(reply) {
  reply.catch(() => {});
}

customElements.define("mod-stream", ModStream);
