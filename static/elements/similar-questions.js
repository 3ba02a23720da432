// @ts-check
/** @import {Likely} from "../client/protocol.js" */
import {number, t} from "../i18n.js";
import {aria, h, icon, keyed, text, View} from "./dom.js";
import {send} from "./intents.js";
import {plainMaths} from "./maths.js";
import {richText} from "./rich-text.js";
import {announce} from "./toast.js";

/** How long typing rests before it is searched, in milliseconds, and the least that is searched, in characters. */
const pause = 450, least = 4;

/**
 * <similar-questions> looks, while somebody writes a question, for those that
 * were asked already, so that they vote instead of asking again. It sends
 * "qa-similar" and "qa-upvote", and to its parent "similar-taken" once a vote
 * stands for what was being written.
 * @extends {View<{upvotes: number[], own: (id: number) => boolean}>}
 */
export class SimilarQuestions extends View {
  /** @type {Likely[]} */ #found = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #asked = 0;

  build() {
    this.classList.add("similar");
    this.hidden = true;
    this.list = h("ul", {class: "similar__list"});
    this.append(h("p", {class: "similar__title"}, icon("search"), t("qa.similar")), this.list);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  /** What is being written now. @param {string} words */
  look(words) {
    clearTimeout(this.#timer);
    const turn = ++this.#asked; // an answer to what was written before is of no use any more
    const clean = words.trim();
    if ([...clean].length < least && !/\p{Script=Han}{2}/u.test(clean)) return this.#show([]);
    this.#timer = setTimeout(async () => {
      try {
        const {questions} = await send(this, "qa-similar", {text: clean});
        if (turn === this.#asked) this.#show(questions);
      } catch {
        if (turn === this.#asked) this.#show([]); // it is help, and nothing is lost without it
      }
    }, pause);
  }

  /** @param {Likely[]} found */
  #show(found) {
    const before = this.#found.length;
    this.#found = found.filter(({state}) => state === "open" || state === "answered").slice(0, 3);
    this.refresh();
    if (this.#found.length > 0 && this.#found.length !== before) announce(t("qa.similar.found", {n: this.#found.length}));
  }

  /** @param {{upvotes: number[], own: (id: number) => boolean}} view */
  update({upvotes, own}) {
    if (!this.list) return;
    this.hidden = this.#found.length === 0;
    keyed(this.list, this.#found, ({id}) => id, (q) => this.#row(q), (node, q) => {
      const vote = node.querySelector("button");
      const mine = own(q.id), voted = upvotes.includes(q.id);
      vote.disabled = mine || voted;
      aria(vote, "label", t("qa.similar.vote", {text: plainMaths(q.text)}));
      text(vote.lastElementChild, mine ? t("qa.yours") : voted ? t("qa.similar.voted") : number(q.votes));
    });
  }

  /** @param {Likely} q */
  #row({id, text: words, answered}) {
    const shown = h("span", {class: "similar__text"});
    richText(shown, words);
    return h("li", {class: "similar__item"},
      h("button", {type: "button", class: "btn btn--small similar__vote", onclick: () => {
        send(this, "qa-upvote", {question: id}).then(() => {
          announce(t("qa.similar.voted"));
          this.dispatchEvent(new CustomEvent("similar-taken", {bubbles: true, detail: {question: id}}));
        }, () => {});
      }}, icon("upvote"), h("span", {class: "numeric"})),
      shown, answered ? h("span", {class: "badge badge--soft"}, icon("check"), t("qa.answered")) : null);
  }
}

customElements.define("similar-questions", SimilarQuestions);
