// @ts-check
/** @import {QuizFace, QuizKey, QuizPoint, QuizReply} from "../client/protocol.js" */
import {number, t} from "../i18n.js";
import {aria, flag, h, icon, iconButton, keyed, text, View} from "./dom.js";
import {choiceSign, letter} from "./person.js";
import {plainMaths} from "./maths.js";
import {choicePicture, showMedia} from "./pictures.js";
import {choiceOrder, gapPieces, moved, rangeWords, readNumber, rightPair, rightReply, typeOf, writeNumber} from "./quiz-rules.js";
import {rich, richText} from "./rich-text.js";
import {announce} from "./toast.js";
import "./hot-spot.js";

/**
 * A question to answer. own is what was answered; key, counts and words are
 * known once it is revealed. A watching person sees it and does not answer.
 * @typedef {{name: string, face: QuizFace, key: QuizKey, open: boolean, own?: QuizReply, counts?: number[] | null,
 *   words?: {text: string, n: number, right?: boolean}[], watching?: boolean, seed?: number, user?: string}} AnswerView
 */

/**
 * <quiz-answer> is where a question is answered, whatever its type, and where
 * the right answer shows afterwards. It sends "reply" with a {@link QuizReply}
 * as its detail, and keeps nothing but what is not yet sent.
 * @extends {View<AnswerView>}
 */
export class QuizAnswer extends View {
  #drawn = "";
  /** What is being answered. */
  #ticked = /** @type {Set<number>} */ (new Set());
  #places = /** @type {number[]} */ ([]);
  #typed = /** @type {string[]} */ ([]);
  #point = /** @type {QuizPoint | undefined} */ (undefined);

  build() {
    this.classList.add("quiz-answer");
    this.media = h("div", {class: "media"});
    this.spot = /** @type {import("./hot-spot.js").HotSpot} */ (h("hot-spot"));
    this.spot.addEventListener("place", (event) => {
      this.#point = /** @type {CustomEvent<QuizPoint>} */ (event).detail;
      this.refresh();
    });
    this.choices = h("ul", {class: "choices"});
    this.order = h("ol", {class: "order"});
    this.pairs = h("ul", {class: "pairs"});
    this.typing = h("div", {class: "typing"});
    this.solution = h("div", {class: "solution"});
    this.submit = h("button", {type: "button", class: "btn btn--primary quiz-answer__submit", onclick: () => this.#submit()}, t("quiz.submit"));
    this.problem = h("p", {class: "error", role: "alert"});
    this.append(this.media, this.spot, this.choices, this.order, this.pairs, this.typing, this.solution, this.problem, this.submit);
    this.#drawn = "";
  }

  /** What was sent was not taken: it can be changed and sent again. */
  reset() {
    this.#ticked.clear();
    this.refresh();
  }

  /** @param {AnswerView} view */
  update(view) {
    const {media, spot, choices, order, pairs, typing, solution, submit, problem} = this;
    if (!media || !spot || !choices || !order || !pairs || !typing || !solution || !submit || !problem) return;
    const {face} = view;
    const kind = typeOf(face);
    const picks = kind === "choice" || kind === "truefalse";
    if (this.#drawn !== view.name) {
      this.#drawn = view.name;
      this.#ticked.clear();
      this.#places = face.choices.map((_, i) => i);
      this.#typed = Array.from({length: face.gaps ?? 1}, () => "");
      text(problem, "");
      typing.replaceChildren();
      this.#point = undefined;
      if (kind === "match") this.#places = (face.lefts ?? []).map(() => -1);
    }
    choices.hidden = !picks;
    order.hidden = kind !== "order";
    pairs.hidden = kind !== "match";
    typing.hidden = picks || kind === "order" || kind === "match" || kind === "hotspot";
    spot.hidden = kind !== "hotspot";
    showMedia(media, kind === "hotspot" ? undefined : face.media);
    if (kind === "hotspot") this.#drawSpot(view);
    else if (picks) this.#drawChoices(view);
    else if (kind === "order") this.#drawOrder(view);
    else if (kind === "match") this.#drawPairs(view);
    else this.#drawTyping(view);
    this.#drawSolution(view);
    submit.hidden = !this.#can(view) || (picks && !face.multiple);
    submit.disabled = !this.#ready(view);
  }

  /** Whether this person may answer now. @param {AnswerView} view */
  #can = ({open, own, watching}) => open && !own && !watching;

  /** @param {AnswerView} view */
  #ready({face}) {
    switch (typeOf(face)) {
      case "order": return true;
      case "hotspot": return this.#point !== undefined;
      case "match": return !this.#places.includes(-1);
      case "gaps": return this.#typed.some((typed) => typed.trim());
      case "text": case "numeric": return this.#typed[0].trim() !== "";
    }
    return this.#ticked.size > 0;
  }

  /** Sends what is there. */
  #submit() {
    const {view} = this;
    if (!this.#can(view) || !this.#ready(view)) return;
    const typed = this.#typed.map((one) => one.trim());
    if (this.problem) text(this.problem, "");
    switch (typeOf(view.face)) {
      case "order": case "match": return this.#send({choices: [...this.#places]});
      case "gaps": return this.#send({texts: typed});
      case "hotspot": return this.#send({point: this.#point});
      case "text": return this.#send({text: typed[0]});
      case "numeric": {
        const read = readNumber(typed[0]);
        if (read === undefined) {
          if (this.problem) text(this.problem, t("quiz.number.wrong"));
          this.typing?.querySelector("input")?.focus();
          return;
        }
        return this.#send({number: read});
      }
    }
    this.#send({choices: [...this.#ticked].sort((a, b) => a - b)});
  }

  /** @param {QuizReply} reply */
  #send(reply) {
    this.dispatchEvent(new CustomEvent("reply", {detail: reply}));
  }

  /** @param {AnswerView} view */
  #drawSpot({face, key, own, counts, name, open, watching}) {
    if (!this.spot || !face.media) return;
    this.spot.view = {name, media: face.media, can: this.#can({name, face, key, open, own, watching}), point: own ? own.point : this.#point,
      right: own ? rightReply(face, key, own) : undefined, areas: key.areas, counts};
  }

  /** @param {AnswerView} view */
  #drawChoices({face, key, counts, own, open, watching, name, seed, user}) {
    if (!this.choices) return;
    const {correct} = key;
    const picks = own?.choices;
    const most = Math.max(1, ...(counts ?? []));
    const order = choiceOrder(face.choices.length, name, typeOf(face) === "choice" ? seed : 0, user);
    keyed(this.choices, order, (choice) => `${name}/${choice}`,
      (choice) => {
        const place = order.indexOf(choice);
        const words = h("span", {class: "choice__text"});
        return h("li", {class: face.images?.[choice] ? "choice choice--pictured" : "choice"}, h("button", {type: "button", class: "choice__button", onclick: () => this.#pick(choice)},
          h("span", {class: "choice__fill", style: {"--choice": `var(--choice-${place % 6})`}}), choicePicture(face.images?.[choice], plainMaths(face.choices[choice]), words), choiceSign(place), words,
          h("span", {class: "choice__share numeric"}), h("span", {class: "choice__mark"})));
      },
      (node, choice) => {
        const button = node.firstElementChild;
        const picked = picks ? picks.includes(choice) : open && this.#ticked.has(choice);
        const isRight = correct?.includes(choice);
        button.disabled = !open || Boolean(own) || Boolean(watching);
        aria(button, "pressed", watching ? null : picked);
        flag(node, "choice--mine", picks?.includes(choice));
        flag(node, "choice--ticked", !picks && picked);
        flag(node, "choice--bars", Boolean(counts));
        flag(node, "choice--right", isRight);
        flag(node, "choice--wrong", correct && picked && !isRight);
        flag(node, "choice--dim", (correct && !isRight && !picked) || (picks && !correct && !picked));
        richText(node.querySelector(".choice__text"), face.choices[choice]);
        text(node.querySelector(".choice__share"), counts ? number(counts[choice]) : "");
        node.querySelector(".choice__fill").style.transform = `scaleX(${counts ? counts[choice] / most : 0})`;
        markOf(node.querySelector(".choice__mark"), correct ? (isRight ? "check" : picked ? "close" : "") : picks && picked ? "lock" : "");
      });
  }

  /** @param {number} choice */
  #pick(choice) {
    const {face} = this.view;
    if (!face.multiple) {
      this.#ticked = new Set([choice]); // shown as picked while the server has not answered yet
      this.refresh();
      this.#send({choices: [choice]});
      return;
    }
    if (!this.#ticked.delete(choice)) this.#ticked.add(choice);
    this.refresh();
  }

  /** @param {AnswerView} view */
  #drawOrder(view) {
    const {face, key, own, name} = view;
    const list = this.order;
    if (!list) return;
    const can = this.#can(view);
    const places = own?.choices ?? (view.watching || !view.open ? face.choices.map((_, i) => i) : this.#places);
    keyed(list, places, (shown) => `${name}/${shown}`, (shown) => {
      const small = "btn btn--icon btn--quiet btn--small";
      const row = h("li", {class: "order__item"}, choiceSign(shown), rich("span", "order__text grow", face.choices[shown]), h("span", {class: "choice__mark"}),
        iconButton("chevron-up", t("quiz.order.up", {text: plainMaths(face.choices[shown])}), {class: small, data: {by: -1}, onclick: () => this.#move(shown, -1)}),
        iconButton("chevron-down", t("quiz.order.down", {text: plainMaths(face.choices[shown])}), {class: small, data: {by: 1}, onclick: () => this.#move(shown, 1)}));
      row.addEventListener("keydown", (event) => {
        const by = event.altKey ? {ArrowUp: -1, ArrowDown: 1}[event.key] : undefined;
        if (by === undefined) return;
        event.preventDefault();
        this.#move(shown, by);
      });
      return row;
    }, (node, shown, place) => {
      const ok = key.correct ? key.correct[place] === shown : undefined;
      for (const button of node.querySelectorAll("button")) {
        button.hidden = !can;
        button.disabled = button.dataset.by === "-1" ? place === 0 : place === places.length - 1;
      }
      flag(node, "is-right", own && ok);
      flag(node, "is-wrong", own && ok === false);
      markOf(node.querySelector(".choice__mark"), own ? (ok === undefined ? "lock" : ok ? "check" : "close") : "");
    });
  }

  /** @param {number} shown @param {number} by */
  #move(shown, by) {
    const {view} = this;
    const from = this.#places.indexOf(shown);
    const to = from + by;
    if (!this.#can(view) || to < 0 || to >= this.#places.length) return;
    this.#places = moved(this.#places, from, to);
    this.refresh();
    // The row has been moved in the page, which takes the focus from it.
    const row = this.order?.children[to];
    const wanted = row?.querySelector(`[data-by="${by}"]:not(:disabled)`) ?? row?.querySelector("button:not(:disabled)");
    /** @type {HTMLElement | null | undefined} */ (wanted)?.focus();
    announce(t("quiz.order.moved", {text: plainMaths(view.face.choices[shown]), place: to + 1, of: this.#places.length}));
  }

  /** @param {AnswerView} view */
  #drawPairs(view) {
    const {face, key, own, counts, name} = view;
    if (!this.pairs) return;
    const can = this.#can(view);
    const rights = face.rights ?? [];
    keyed(this.pairs, (face.lefts ?? []).map((_, left) => left), (left) => `${name}/${left}`, (left) => {
      const select = h("select", {class: "select", aria: {label: t("quiz.match.of", {text: plainMaths(face.lefts?.[left] ?? "")})}},
        h("option", {value: "-1"}, t("quiz.match.choose")), ...rights.map((right, i) => h("option", {value: String(i)}, `${letter(i)} · ${plainMaths(right)}`)));
      select.addEventListener("change", () => {
        this.#places[left] = Number(select.value);
        this.refresh();
      });
      return h("li", {class: "pair"}, rich("span", "pair__left", face.lefts?.[left] ?? ""), icon("arrow-right"), select,
        h("span", {class: "pair__right"}), h("span", {class: "choice__share numeric"}), h("span", {class: "choice__mark"}));
    }, (node, left) => {
      const select = node.querySelector("select");
      const picked = own?.choices?.[left] ?? -1;
      const ok = key.pairs && own?.choices ? rightPair(face, key, own.choices, left) : undefined;
      const shows = key.pairs ? key.pairs[left] : picked;
      select.hidden = !can;
      if (can && select.value !== String(this.#places[left])) select.value = String(this.#places[left]);
      const right = node.querySelector(".pair__right");
      right.hidden = can;
      if (right.dataset.shows !== `${picked}/${shows}`) {
        right.dataset.shows = `${picked}/${shows}`;
        right.replaceChildren(...(ok === false ? [rich("s", "", rights[picked]), " "] : []),
          ...(shows >= 0 ? [choiceSign(shows), rich("span", "", rights[shows])] : [h("span", {class: "faint"}, "…")]));
      }
      text(node.querySelector(".choice__share"), counts ? number(counts[left]) : "");
      flag(node, "is-right", ok);
      flag(node, "is-wrong", ok === false);
      markOf(node.querySelector(".choice__mark"), own ? (ok === undefined ? "lock" : ok ? "check" : "close") : "");
    });
    // Those who only watch see what there is to choose from.
    const list = this.solution;
    if (list && !can && !key.pairs) this.#list(list, rights);
  }

  /** @param {HTMLElement} place @param {string[]} rights */
  #list(place, rights) {
    if (place.dataset.for === `${this.#drawn}/rights`) return;
    place.dataset.for = `${this.#drawn}/rights`;
    place.replaceChildren(h("ul", {class: "rights"}, ...rights.map((right, i) => h("li", null, choiceSign(i), rich("span", "", right)))));
  }

  /** @param {AnswerView} view */
  #drawTyping(view) {
    const {face, own, key, name} = view;
    const form = this.typing;
    if (!form) return;
    const kind = typeOf(face);
    const can = this.#can(view);
    if (!form.firstChild) {
      const input = (/** @type {number} */ i, /** @type {string} */ label) => {
        const node = h("input", {class: "input", type: "text", maxLength: 120, autocomplete: "off", autocapitalize: "off", spellcheck: false,
          aria: {label}, data: {gap: i}, ...(kind === "numeric" ? {inputMode: "decimal"} : {})});
        node.addEventListener("input", () => {
          this.#typed[i] = node.value;
          if (this.submit) this.submit.disabled = !this.#ready(this.view);
        });
        node.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" || event.isComposing) return;
          event.preventDefault();
          const next = form.querySelector(`[data-gap="${i + 1}"]`);
          if (next) /** @type {HTMLElement} */ (next).focus();
          else this.#submit();
        });
        return node;
      };
      if (kind === "gaps") {
        form.append(h("p", {class: "gaps"}, ...gapPieces(face.text).map((piece) => (typeof piece === "string" ? rich("span", "", piece)
          : h("span", {class: "gap"}, input(piece, t("quiz.gap", {n: piece + 1})), h("span", {class: "choice__mark"}))))));
      } else {
        form.append(input(0, t(kind === "numeric" ? "quiz.number" : "quiz.text")));
      }
      form.dataset.for = name;
    }
    const said = own?.texts ?? (own?.text !== undefined ? [own.text] : own?.number !== undefined ? [writeNumber(own.number)] : undefined);
    for (const node of form.querySelectorAll("input")) {
      const i = Number(node.dataset.gap);
      node.disabled = !can;
      const value = said ? said[i] ?? "" : this.#typed[i];
      if (node.value !== value) node.value = value;
      const mark = node.parentElement?.querySelector(".choice__mark");
      if (mark) markOf(/** @type {HTMLElement} */ (mark), said?.[i] && !key.correct ? "lock" : "");
    }
    form.hidden = Boolean(view.watching || (!can && !said)) && kind !== "gaps";
  }

  /** What was right, for what is not picked from choices. @param {AnswerView} view */
  #drawSolution({face, key, counts, words, own, open, watching, name}) {
    const place = this.solution;
    if (!place) return;
    const kind = typeOf(face);
    const shown = key.correct !== null;
    const rights = kind === "match" && !shown && !(open && !own && !watching);
    place.hidden = !rights && (!shown || kind === "choice" || kind === "truefalse" || kind === "match" || kind === "hotspot");
    if (place.hidden || rights) return;
    const drawn = JSON.stringify([name, counts, words, own]);
    if (place.dataset.for === drawn) return;
    place.dataset.for = drawn;
    const title = h("h3", {class: "solution__title"}, icon("check"), t("quiz.solution"));
    const share = (/** @type {number | undefined} */ n) => (counts && n !== undefined ? h("span", {class: "choice__share numeric", title: t("quiz.had", {n})}, number(n)) : null);
    if (kind === "order") {
      place.replaceChildren(title, h("ol", {class: "order"}, ...(key.correct ?? []).map((i, at) =>
        h("li", {class: "order__item is-right"}, choiceSign(i), rich("span", "grow", face.choices[i]), share(counts?.[at])))));
    } else if (kind === "gaps") {
      place.replaceChildren(title, h("p", {class: "gaps"}, ...gapPieces(face.text).map((piece) => (typeof piece === "string" ? rich("span", "", piece)
        : h("span", {class: "gap gap--right"}, rich("strong", "", (key.fills?.[piece] ?? []).join(" / ")), share(counts?.[piece]))))));
    } else {
      const accepted = kind === "numeric" ? (key.ranges ?? []).map(rangeWords) : key.accept ?? [];
      const most = Math.max(1, ...(words ?? []).map(({n}) => n));
      place.replaceChildren(title, h("ul", {class: "cluster accepted"}, ...accepted.map((one) => h("li", {class: "badge badge--good"}, icon("check"), rich("span", "", one)))),
        ...(words?.length ? [h("ul", {class: "typed", aria: {label: t("quiz.typed")}}, ...words.map((word) => h("li", {class: word.right ? "typed__word is-right" : "typed__word"},
          h("span", {class: "typed__fill", style: {"transform": `scaleX(${word.n / most})`}}), rich("span", "grow", word.text),
          word.right ? icon("check") : null, h("span", {class: "numeric"}, number(word.n)))))] : []));
    }
  }
}

/** A small sign of what became of it, with words for those who cannot see it. @param {HTMLElement} mark @param {string} sign */
function markOf(mark, sign) {
  if (mark.dataset.sign === sign) return;
  mark.dataset.sign = sign;
  const words = {check: t("quiz.right"), close: t("quiz.wrong"), lock: t("quiz.locked")}[sign] ?? "";
  mark.replaceChildren(...(sign ? [icon(sign), h("span", {class: "sr-only"}, words)] : []));
}

customElements.define("quiz-answer", QuizAnswer);
