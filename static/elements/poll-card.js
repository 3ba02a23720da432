// @ts-check
/** @import {Poll} from "../client/protocol.js" */
import {number, t} from "../i18n.js";
import {aria, flag, h, icon, keyed, text, View} from "./dom.js";
import {send} from "./intents.js";
import {choiceSign} from "./person.js";
import {shares} from "./rules.js";

/** @typedef {{poll: Poll, mine?: number[], staff?: boolean}} PollView */

/**
 * <poll-card> draws a poll and sends "poll-vote"; for staff also "poll-open",
 * "poll-close" and "poll-drop". A viewer sees the bars once they have voted or
 * the poll is closed, so that nobody votes with the crowd unawares.
 * @extends {View<PollView>}
 */
export class PollCard extends View {
  /** What is ticked but not sent, where several choices may be picked. @type {Set<number>} */
  #ticked = new Set();
  #poll = 0;

  build() {
    this.classList.add("activity-card");
    this.state = h("span", {class: "badge"});
    this.voters = h("span", {class: "small faint numeric"});
    this.heading = h("h2", {class: "activity-card__title", tabIndex: -1});
    this.hint = h("p", {class: "small faint"});
    this.choices = h("ul", {class: "choices"});
    this.sendButton = h("button", {type: "button", class: "btn btn--primary", onclick: () => this.#vote([...this.#ticked].sort((a, b) => a - b))},
      t("poll.vote"));
    this.staffRow = h("div", {class: "cluster"});
    this.foot = h("div", {class: "activity-card__foot"}, this.hint, this.sendButton, this.staffRow);
    this.append(h("div", {class: "activity-card__head"}, h("span", {class: "badge badge--soft"}, icon("poll"), t("poll.name")),
      this.state, this.voters), this.heading, this.choices, this.foot);
    this.staffRow.append(
      this.#act("poll-open", "btn btn--primary btn--small", t("poll.open")),
      this.#act("poll-close", "btn btn--small", t("poll.close")),
      this.#act("poll-drop", "btn btn--danger btn--small", t("poll.drop")));
  }

  /** @param {string} type @param {string} look @param {string} label */
  #act(type, look, label) {
    return h("button", {type: "button", class: look, data: {act: type}, onclick: () => {
      send(this, type, {poll: this.view.poll.id}).catch(() => {});
    }}, label);
  }

  /** @param {PollView} view */
  update({poll, mine, staff}) {
    const {state, voters, heading, hint, choices, sendButton, staffRow, foot} = this;
    if (!state || !voters || !heading || !hint || !choices || !sendButton || !staffRow || !foot) return;
    if (this.#poll !== poll.id) {
      this.#poll = poll.id;
      this.#ticked = new Set(mine ?? []);
    }
    const open = poll.phase === "open";
    const voted = mine !== undefined && mine.length > 0;
    const several = poll.max > 1;
    const bars = (voted || !open || staff) ? shares(poll.counts, poll.voters) : null;
    const best = bars ? Math.max(...bars) : 0;
    text(state, t(`poll.phase.${poll.phase}`));
    text(voters, t("poll.voters", {n: poll.voters}));
    text(heading, poll.text);
    flag(this, "activity-card--wide", poll.choices.length > 4);

    keyed(choices, poll.choices.map((label, choice) => ({label, choice})), ({choice}) => `${poll.id}/${choice}`,
      ({choice}) => this.#choice(choice),
      (node, {label, choice}) => {
        const button = node.firstElementChild;
        const picked = several && open ? this.#ticked.has(choice) : mine?.includes(choice);
        aria(button, "pressed", open ? Boolean(picked) : null);
        button.disabled = !open;
        flag(node, "choice--mine", mine?.includes(choice));
        flag(node, "choice--ticked", picked);
        node.querySelector(".choice__mark").hidden = !picked;
        flag(node, "choice--best", !open && bars && bars[choice] === best && best > 0);
        flag(node, "choice--bars", bars !== null);
        text(node.querySelector(".choice__text"), label);
        const share = bars?.[choice] ?? 0;
        node.querySelector(".choice__fill").style.transform = `scaleX(${share})`;
        text(node.querySelector(".choice__share"), bars ? `${number(Math.round(share * 100))}%` : "");
        text(node.querySelector(".choice__count"), bars && poll.counts ? t("poll.votes", {n: poll.counts[choice]}) : "");
      });

    /** @type {string[]} */
    const hints = [];
    if (open && several && !voted) hints.push(t("poll.max", {n: poll.max}));
    if (open && poll.hidden && !bars) hints.push(t(voted ? "poll.hidden.voted" : "poll.hidden"));
    if (open && voted) hints.push(t("poll.change"));
    const say = staff ? "" : hints.join(" ");
    text(hint, say);
    const changed = mine === undefined || mine.length !== this.#ticked.size || mine.some((choice) => !this.#ticked.has(choice));
    sendButton.hidden = !open || !several;
    sendButton.disabled = this.#ticked.size === 0 || !changed;
    staffRow.hidden = !staff;
    for (const button of /** @type {Iterable<HTMLElement>} */ (staffRow.children)) {
      button.hidden = button.dataset.act === "poll-close" ? !open : poll.phase !== "draft";
    }
    foot.hidden = !say && sendButton.hidden && (staffRow.hidden || poll.phase === "closed");
  }

  /** @param {number} choice */
  #choice(choice) {
    return h("li", {class: "choice"}, h("button", {type: "button", class: "choice__button", onclick: () => this.#pick(choice)},
      h("span", {class: "choice__fill", style: {"--choice": `var(--choice-${choice % 6})`}}), choiceSign(choice),
      h("span", {class: "choice__text"}), h("span", {class: "choice__count sr-only"}), h("span", {class: "choice__share numeric"}),
      h("span", {class: "choice__mark"}, icon("check"))));
  }

  /** @param {number} choice */
  #pick(choice) {
    const {poll} = this.view;
    if (poll.max <= 1) {
      this.#vote([choice]);
      return;
    }
    if (!this.#ticked.delete(choice) && this.#ticked.size < poll.max) this.#ticked.add(choice);
    this.refresh();
  }

  /** @param {number[]} choices */
  #vote(choices) {
    send(this, "poll-vote", {poll: this.view.poll.id, choices}).catch(() => {});
  }
}

customElements.define("poll-card", PollCard);
