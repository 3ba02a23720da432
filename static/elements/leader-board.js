// @ts-check
/** @import {Place, QuizTeam} from "../client/protocol.js" */
import {number, t} from "../i18n.js";
import {flag, h, icon, keyed, text, View} from "./dom.js";
import {avatar} from "./person.js";

/** @typedef {{id: string, name?: string, score: number, rank: number, of: number}} Me */
/** @typedef {{board: Place[], me?: Me | null, podium?: boolean, teams?: QuizTeam[], team?: number}} LeaderView */

/**
 * <leader-board> shows the first ten and, where they are not among them, the
 * person's own rank; as a podium it raises the first three. Teams stand above
 * them, by the mean of their members.
 * @extends {View<LeaderView>}
 */
export class LeaderBoard extends View {
  build() {
    this.classList.add("leaders");
    this.podium = h("ol", {class: "podium", aria: {label: t("quiz.podium")}});
    this.list = h("ol", {class: "leaders__list", aria: {label: t("quiz.board")}});
    this.teams = h("ol", {class: "leaders__list leaders__teams", aria: {label: t("quiz.teams")}});
    this.append(this.teams, this.podium, this.list);
  }

  /** @param {LeaderView} view */
  update({board, me, podium, teams = [], team}) {
    if (!this.podium || !this.list || !this.teams) return;
    const ordered = teams.map((one, i) => ({...one, at: i + 1})).filter((one) => one.members > 0).sort((a, b) => b.score - a.score || a.at - b.at);
    this.teams.hidden = ordered.length === 0;
    const best = Math.max(1, ordered[0]?.score ?? 1);
    keyed(this.teams, ordered, (s) => s.at, () => h("li", {class: "leader"}, h("span", {class: "leader__rank numeric"}), icon("people"),
      h("span", {class: "leader__name truncate grow"}), h("span", {class: "leader__bar"}, h("span", {class: "leader__fill"})),
      h("span", {class: "leader__score numeric"})), (node, s) => {
      flag(node, "leader--me", s.at === team);
      text(node.querySelector(".leader__rank"), number(1 + ordered.filter((other) => other.score > s.score).length));
      text(node.querySelector(".leader__name"), t("quiz.team", {name: s.name, n: s.members}));
      text(node.querySelector(".leader__score"), number(s.score));
      node.querySelector(".leader__fill").style.transform = `scaleX(${Math.max(0.02, s.score / best)})`;
    });
    const raised = podium ? board.slice(0, 3) : [];
    this.podium.hidden = raised.length === 0;
    keyed(this.podium, raised, (s) => s.id, (s) => h("li", {class: "podium__place"}, avatar(s), h("span", {class: "podium__name truncate"}, s.name),
      h("span", {class: "podium__score numeric"}), h("span", {class: "podium__step"})), (node, s, i) => {
      node.style.order = String([1, 0, 2][i]);
      node.dataset.place = String(i + 1);
      text(node.querySelector(".podium__score"), number(s.score));
      text(node.querySelector(".podium__step"), number(s.rank));
    });
    /** @type {(Place & {apart?: boolean})[]} */
    const rows = podium ? board.slice(3) : [...board];
    if (me && me.rank > 0 && !board.some((s) => s.id === me.id)) rows.push({...me, name: me.name ?? t("chat.you"), apart: true});
    const most = Math.max(1, board[0]?.score ?? 1);
    keyed(this.list, rows, (s) => s.id, (s) => h("li", {class: "leader"}, h("span", {class: "leader__rank numeric"}), avatar(s),
      h("span", {class: "leader__name truncate grow"}), h("span", {class: "leader__bar"}, h("span", {class: "leader__fill"})),
      h("span", {class: "leader__score numeric"})), (node, s) => {
      flag(node, "leader--me", me && s.id === me.id);
      flag(node, "leader--apart", s.apart);
      text(node.querySelector(".leader__rank"), number(s.rank));
      text(node.querySelector(".leader__name"), me && s.id === me.id ? t("quiz.board.you", {name: s.name}) : s.name);
      text(node.querySelector(".leader__score"), number(s.score));
      node.querySelector(".leader__fill").style.transform = `scaleX(${Math.max(0.02, s.score / most)})`;
    });
  }
}

customElements.define("leader-board", LeaderBoard);
