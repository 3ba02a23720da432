// @ts-check
/** @import {Ballot, Person, Poll} from "../client/protocol.js" */
import {number, t} from "../i18n.js";
import {aria, flag, h, icon, keyed, text, View} from "./dom.js";
import {keepFocus} from "./focus.js";
import {send} from "./intents.js";
import {choiceSign} from "./person.js";
import {richText} from "./rich-text.js";
import {choicePicture} from "./pictures.js";
import {BallotBox} from "./poll-ballot.js";
import {choiceText, counted, drawResult, hasResult} from "./poll-result.js";
import {shares} from "./rules.js";

/** @typedef {{poll: Poll, mine?: number[], ballot?: Ballot, staff?: boolean}} PollView */

/** How often at most the list of who has not voted is asked for anew. */
const again = 2000;

/**
 * <poll-card> draws a poll and sends "poll-vote" and "poll-retract"; for staff
 * also "poll-open", "poll-close", "poll-show", "poll-drop" and "poll-remove",
 * and it asks who is missing ("poll-missing"). A viewer sees the result once they have voted
 * or the poll is closed, so that nobody votes with the crowd unawares.
 * @extends {View<PollView>}
 */
export class PollCard extends View {
  /** What is ticked but not sent, where several choices may be picked. @type {Set<number>} */
  #ticked = new Set();
  #poll = 0;
  /** @type {BallotBox | undefined} */ #box;
  /** Whether who has not voted is shown, as of how many voters, and when it is asked for again. */
  #missing = {shown: false, voters: -1, timer: 0};

  build() {
    this.classList.add("activity-card");
    this.state = h("span", {class: "badge"});
    this.voters = h("span", {class: "small faint numeric"});
    this.notes = h("span", {class: "cluster"});
    this.heading = h("h2", {class: "activity-card__title", tabIndex: -1});
    this.hint = h("p", {class: "small faint"});
    this.choices = h("ul", {class: "choices"});
    this.form = h("div", {class: "poll-ballot"});
    this.#box = new BallotBox(this.form, (vote) => this.#send("poll-vote", vote));
    this.result = h("div", {class: "poll-result"});
    this.counted = counted(t("poll.counted"));
    this.back = h("button", {type: "button", class: "btn btn--quiet btn--small", onclick: () => this.#send("poll-retract")}, icon("undo"), t("poll.retract"));
    this.sendButton = h("button", {type: "button", class: "btn btn--primary",
      onclick: () => this.#send("poll-vote", {choices: [...this.#ticked].sort((a, b) => a - b)})}, t("poll.vote"));
    this.staffRow = h("div", {class: "cluster"});
    this.missing = h("div", {class: "poll-missing", aria: {live: "polite"}});
    this.foot = h("div", {class: "activity-card__foot"}, this.counted, this.hint, this.back, this.sendButton, this.staffRow);
    this.append(h("div", {class: "activity-card__head"}, h("span", {class: "badge badge--soft"}, icon("poll"), t("poll.name")),
      this.state, this.notes, this.voters), this.heading, this.choices, this.form, this.result, this.foot, this.missing);
    this.missingButton = h("button", {type: "button", class: "btn btn--quiet btn--small", data: {act: "missing"}, onclick: () => {
      this.#missing.shown = !this.#missing.shown;
      this.#missing.voters = -1;
      this.refresh();
    }}, icon("people"), t("poll.missing"));
    this.staffRow.append(
      this.#act("poll-open", "btn btn--primary btn--small", t("poll.open")),
      this.#act("poll-close", "btn btn--small", t("poll.close")),
      this.#act("poll-show", "btn btn--small", t("poll.show")),
      this.#act("poll-drop", "btn btn--danger btn--small", t("poll.drop")), this.missingButton);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#missing.timer);
    this.#missing.timer = 0;
  }

  /** @param {string} type @param {string} look @param {string} label */
  #act(type, look, label) {
    return h("button", {type: "button", class: look, data: {act: type}, onclick: () => this.#send(type)}, label);
  }

  /** The page shows what was refused. @param {string} type @param {object} [data] */
  #send(type, data) {
    send(this, type, {poll: this.view.poll.id, ...data}).catch(() => {});
  }

  /** @param {PollView} view */
  update(view) {
    keepFocus(this, () => this.#draw(view), (held) => [...(this.staffRow?.contains(held) ? this.staffRow.children : []), this.heading]);
  }

  /** @param {PollView} view */
  #draw({poll, mine, ballot, staff}) {
    const {state, voters, notes, heading, choices, form, result} = this;
    if (!state || !voters || !notes || !heading || !choices || !form || !result) return;
    if (this.#poll !== poll.id) {
      this.#poll = poll.id;
      this.#ticked = new Set(mine ?? []);
      this.#missing.shown = false;
    }
    const open = poll.phase === "open";
    const voted = (mine !== undefined && mine.length > 0) || ballot !== undefined;
    const picks = poll.kind === undefined || poll.kind === "choice";
    const seen = (voted || !open || Boolean(staff)) && poll.phase !== "draft";
    text(state, t(`poll.phase.${open && poll.closes_at ? "closing" : poll.phase}`));
    text(voters, t("poll.voters", {n: poll.voters}));
    const said = [...(poll.secret ? ["secret"] : []), ...(poll.weighted ? ["weighted"] : []), ...(staff && poll.hidden && !poll.revealed && ((open && !poll.secret) || poll.shown) ? ["unseen"] : [])];
    keyed(notes, said, (note) => note, (note) => h("span", {class: "badge badge--outline"}, t(`poll.${note}`)));
    notes.hidden = said.length === 0;
    richText(heading, poll.text, {author: staff});
    flag(this, "activity-card--wide", poll.choices.length > 4);

    choices.hidden = !picks && (poll.kind !== "ranking" || poll.phase !== "draft");
    if (!choices.hidden) this.#picks(poll, mine, Boolean(staff), seen);
    form.hidden = picks || !open;
    if (!form.hidden) this.#box?.draw(poll, {...ballot, ...(mine?.length && {choices: mine})});
    result.hidden = !seen || !hasResult(poll);
    if (!result.hidden) drawResult(result, poll, staff ? this.#remove : undefined);
    this.#foot(poll, mine, voted, Boolean(staff), picks);
  }

  /** Takes something out of the result. @type {import("./poll-result.js").Remove} */
  #remove = (what) => this.#send("poll-remove", what);

  /** The choices to pick from, with their bars. @param {Poll} poll @param {number[] | undefined} mine @param {boolean} staff @param {boolean} seen */
  #picks(poll, mine, staff, seen) {
    if (!this.choices) return;
    const open = poll.phase === "open";
    const several = poll.max > 1;
    const bars = seen || staff ? shares(poll.counts, poll.weighted ? poll.weight ?? 0 : poll.voters) : null;
    const best = bars ? Math.max(...bars) : 0;
    keyed(this.choices, poll.choices.map((_, choice) => choice), (choice) => `${poll.id}/${choice}/${poll.images?.[choice] ?? ""}`,
      (choice) => this.#choice(choice),
      (node, choice) => {
        const button = node.firstElementChild;
        const picked = several && open ? this.#ticked.has(choice) : mine?.includes(choice);
        aria(button, "pressed", open ? Boolean(picked) : null);
        button.disabled = !open;
        flag(node, "choice--mine", mine?.includes(choice));
        flag(node, "choice--ticked", picked);
        node.querySelector(".choice__mark").hidden = !picked;
        flag(node, "choice--best", !open && bars && bars[choice] === best && best > 0);
        flag(node, "choice--bars", bars !== null);
        richText(node.querySelector(".choice__text"), choiceText(poll, choice));
        const share = bars?.[choice] ?? 0;
        node.querySelector(".choice__fill").style.transform = `scaleX(${share})`;
        text(node.querySelector(".choice__share"), bars ? `${number(Math.round(share * 100))}%` : "");
        text(node.querySelector(".choice__count"), bars && poll.counts ? t("poll.votes", {n: poll.counts[choice]}) : "");
      });
  }

  /** What is said below, and what can be done. @param {Poll} poll @param {number[] | undefined} mine @param {boolean} voted @param {boolean} staff @param {boolean} picks */
  #foot(poll, mine, voted, staff, picks) {
    const {hint, sendButton, staffRow, foot, back} = this;
    if (!hint || !sendButton || !staffRow || !foot || !back || !this.counted || !this.missingButton) return;
    const open = poll.phase === "open";
    const several = picks && poll.max > 1;
    const unseen = poll.hidden && !poll.revealed && (open || poll.shown === "asked");
    /** @type {string[]} */
    const hints = [];
    if (open && several && !voted) hints.push(t("poll.max", {n: poll.max}));
    if (open && poll.kind === "ranking" && !voted) hints.push(t("poll.rank.hint"));
    if (unseen) hints.push(t(poll.shown === "asked" ? "poll.asked" : "poll.hidden"));
    if (open && poll.secret) hints.push(t("poll.secret.hint"));
    if (open && voted) hints.push(t("poll.change"));
    const say = staff ? (open && poll.secret ? t("poll.secret.staff") : "") : hints.join(" ");
    text(hint, say);
    this.counted.hidden = !voted || !(open || unseen);
    back.hidden = !voted || !open;
    const changed = mine === undefined || mine.length !== this.#ticked.size || mine.some((choice) => !this.#ticked.has(choice));
    sendButton.hidden = !open || !several;
    sendButton.disabled = this.#ticked.size === 0 || !changed;
    /** @type {Record<string, boolean>} */
    const can = {"poll-open": poll.phase === "draft", "poll-drop": poll.phase === "draft", "poll-close": open && !poll.closes_at,
      "poll-show": unseen && poll.phase !== "draft" && !(open && poll.secret), missing: !poll.secret && poll.phase !== "draft" && (open || this.#missing.shown)};
    for (const button of /** @type {Iterable<HTMLElement>} */ (staffRow.children)) button.hidden = !can[button.dataset.act ?? ""];
    staffRow.hidden = !staff || Object.values(can).every((is) => !is);
    aria(this.missingButton, "expanded", this.#missing.shown);
    foot.hidden = !say && sendButton.hidden && staffRow.hidden && back.hidden && this.counted.hidden;
    if (this.missing) this.missing.hidden = !staff || !this.#missing.shown;
    if (staff && this.#missing.shown && this.#missing.voters !== poll.voters && !this.#missing.timer) void this.#ask(poll);
  }

  /** Asks who has not voted, now and, while votes come in, every two seconds. @param {Poll} poll */
  async #ask(poll) {
    this.#missing.voters = poll.voters;
    this.#missing.timer = Number(setTimeout(() => {
      this.#missing.timer = 0;
      if (this.isConnected) this.refresh();
    }, again));
    try {
      const {people, count} = await send(this, "poll-missing", {poll: poll.id});
      if (this.view.poll.id === poll.id) this.#names(people, count);
    } catch {
      // the page has shown why
    }
  }

  /** @param {Person[]} people @param {number} count */
  #names(people, count) {
    this.missing?.replaceChildren(h("p", {class: "small"}, t("poll.missing.count", {n: count})),
      h("ul", {class: "cluster poll-missing__names"}, ...people.map(({name}) => h("li", {class: "chip"}, name)),
        count > people.length ? h("li", {class: "chip"}, t("poll.missing.more", {n: count - people.length})) : null));
  }

  /** @param {number} choice */
  #choice(choice) {
    const {poll} = this.view;
    const words = h("span", {class: "choice__text"});
    return h("li", {class: poll.images?.[choice] ? "choice choice--pictured" : "choice"}, h("button", {type: "button", class: "choice__button", onclick: () => this.#pick(choice)},
      h("span", {class: "choice__fill", style: {"--choice": `var(--choice-${choice % 6})`}}), choicePicture(poll.images?.[choice], choiceText(poll, choice), words), choiceSign(choice),
      words, h("span", {class: "choice__count sr-only"}), h("span", {class: "choice__share numeric"}),
      h("span", {class: "choice__mark"}, icon("check"))));
  }

  /** @param {number} choice */
  #pick(choice) {
    const {poll} = this.view;
    if (poll.max <= 1) {
      this.#send("poll-vote", {choices: [choice]});
      return;
    }
    if (!this.#ticked.delete(choice) && this.#ticked.size < poll.max) this.#ticked.add(choice);
    this.refresh();
  }
}

customElements.define("poll-card", PollCard);
