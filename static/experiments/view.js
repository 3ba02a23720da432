// @ts-check
/** @import {Arm, Comparand, Comparison, Experiment} from "./types.js" */
import {ApiError} from "../client/api.js";
import {h, icon} from "../elements/dom.js";
import "../elements/site-menu.js";
import {toast} from "../elements/toast.js";
import {confirmed} from "../host/dialog.js";
import {date, dateWithin, duration, errorText, lang, number, onLang, t} from "../i18n.js";
import {decimal, percent, table} from "../report/plots.js";
import {chance, said, sequence} from "./plots.js";
import {verdict} from "./rules.js";
import {ask} from "./source.js";

const shares = /** @type {const} */ (["purchase", "click", "hide", "leave"]);
const means = /** @type {const} */ (["watch", "satisfaction"]);
const first = ["purchase", "watch"]; // the two that experiments are read by

const every = 10_000; // ms between two looks

/** How experiments stand, drawn anew when something has changed. */
export class ExperimentsPage {
  #app;
  #refused;
  /** @type {Experiment[] | null} */ #list = null;
  #failed = /** @type {ApiError | null} */ (null);
  #drawn = "";
  #timer = 0;
  #closed = false;
  /** @type {(() => void)[]} */ #ends = [];

  /** @param {HTMLElement} app @param {(err: ApiError) => void} refused */
  constructor(app, refused) {
    this.#app = app;
    this.#refused = refused;
    this.#layout();
    this.#ends.push(onLang(() => {
      this.#drawn = "";
      this.#layout();
      this.#draw();
    }));
    const sizes = new ResizeObserver(() => this.#draw());
    sizes.observe(app);
    this.#ends.push(() => sizes.disconnect());
    void this.#look();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const end of this.#ends) end();
  }

  /** @param {string} [path] @param {unknown} [body] */
  async #look(path = "/v1/experiments", body) {
    clearTimeout(this.#timer);
    try {
      this.#list = await ask(path, body);
      this.#failed = null;
    } catch (caught) {
      const err = /** @type {ApiError} */ (caught);
      if (this.#closed) return;
      if (err.status === 401 || err.status === 429) return this.#refused(err);
      if (body) toast(errorText(err), {kind: "danger"});
      else this.#failed = err;
    }
    if (this.#closed) return;
    this.#draw();
    this.#timer = setTimeout(() => void this.#look(), every);
  }

  #layout() {
    document.title = `${t("experiments.page")} · Lyceum`;
    this.note = h("div", {class: "report__note", role: "status"});
    this.body = h("div", {class: "report__parts"});
    this.#app.replaceChildren(h("a", {class: "skip", href: "#experiments"}, t("report.skip")),
      h("header", {class: "masthead report__masthead"},
        h("span", {class: "brand"}, h("img", {src: "/static/icons/mark.svg", alt: "", width: 32, height: 32}), h("span", {class: "report__brand"}, "Lyceum")),
        h("span", {class: "push"}), h("site-menu")),
      h("main", {class: "page report experiments", id: "experiments", tabIndex: -1},
        h("div", {class: "report__names"}, h("p", {class: "eyebrow"}, t("experiments.eyebrow")), h("h1", {class: "report__title display"}, t("experiments.page")),
          h("p", {class: "hint"}, t("experiments.always"))),
        this.note, this.body));
  }

  #draw() {
    const {note, body} = this;
    if (!note || !body) return;
    if (this.#failed) note.replaceChildren(h("p", {class: "banner banner--danger"}, icon("offline"), errorText(this.#failed)));
    else if (!this.#list) note.replaceChildren(h("div", {class: "empty"}, h("span", {class: "spinner"}), h("p", {class: "empty__title"}, t("report.loading"))));
    else if (this.#list.length === 0) {
      note.replaceChildren(h("div", {class: "empty"}, icon("history"), h("p", {class: "empty__title"}, t("experiments.none")), h("p", {class: "empty__text"}, t("experiments.none.text"))));
    } else note.replaceChildren();
    if (!this.#list) return;
    const width = Math.floor(body.clientWidth);
    if (width < 150) return; // not laid out yet
    const now = JSON.stringify([width, this.#list]);
    if (this.#drawn === now) return;
    this.#drawn = now;
    const open = new Set([...body.querySelectorAll("details[open]")].map((one) => /** @type {HTMLElement} */ (one).dataset.key));
    const held = /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-key]"))?.dataset.key;
    body.replaceChildren(...this.#list.map((one) => this.#experiment(one, width)));
    for (const one of body.querySelectorAll("[data-key]")) {
      if (!(one instanceof HTMLElement)) continue;
      if (one instanceof HTMLDetailsElement && open.has(one.dataset.key)) one.open = true;
      if (held !== undefined && one.dataset.key === held) (one.querySelector("summary") ?? one).focus();
    }
  }

  /** @param {Experiment} one @param {number} width */
  #experiment(one, width) {
    const id = `h-${one.name}`;
    return h("section", {class: "report__section card", aria: {labelledby: id}},
      h("div", {class: "row experiments__head"}, h("h2", {id}, one.name),
        h("span", {class: one.state === "running" ? "badge badge--soft" : one.state === "shipped" ? "badge badge--good" : "badge"}, t(`experiments.state.${one.state}`, {arm: one.shipped ?? ""}))),
      h("p", {class: "hint"}, [
        t("experiments.share", {share: percent(one.share[1] - one.share[0])}), one.layer ? t("experiments.layer", {layer: one.layer}) : "",
        t("experiments.window", {window: duration(one.window_s)}), one.at ? t("report.as_of", {at: dateWithin(one.at)}) : t("experiments.nobody")].filter(Boolean).join(" ")),
      one.split.off ? h("p", {class: "banner banner--danger", role: "alert"}, icon("alert"), t("experiments.split.off", {p: chance(one.split.p)})) : null,
      one.full ? h("p", {class: "banner"}, t("experiments.full")) : null,
      ...(one.decisions ?? []).map((decision) => h("p", {class: "banner"}, `${date(decision.at)}: ${decision.by === "operator" ? t(`experiments.by.operator.${decision.what}`, {arm: decision.arm}) :
        t("experiments.by.guard", {arm: decision.arm, metric: t(`experiments.metric.${decision.by}`), k: decision.arms ?? 0, of: decision.events ?? 0, p: chance(decision.p ?? 0)})}`)),
      this.#tiles(one), this.#arms(one), this.#draft(one),
      ...one.comparisons.flatMap((comparison) => this.#comparison(one, comparison, width)));
  }

  /** @param {Experiment} one */
  #tiles(one) {
    const {plan} = one;
    const bought = one.arms.reduce((sum, arm) => sum + (arm.did.purchase ?? 0), 0);
    const tile = (/** @type {string} */ name, /** @type {string} */ value, /** @type {string} */ note) =>
      h("div", {class: "tile"}, h("dt", null, name), h("dd", null, h("strong", {class: "numeric"}, value), h("span", {class: "hint"}, note)));
    const {draft} = one;
    const people = plan.people ? t("experiments.plan.people", {people: plan.people, rate: decimal(plan.rate * 100, 1)}) : t("experiments.plan.unknown");
    return h("dl", {class: "tiles"},
      tile(t("experiments.exposed"), number(one.exposed), t("experiments.counted", {counted: one.counted})),
      draft ? tile(t("experiments.lists"), number(draft.lists), plan.purchases ? t("experiments.of", {of: plan.purchases}) : "") :
        tile(t("experiments.purchases"), number(bought), plan.purchases ? t("experiments.of", {of: plan.purchases}) : ""),
      draft ? tile(t("experiments.lists.plan"), plan.purchases ? number(plan.purchases) : "–", t("experiments.draft.plan", {effect: percent(plan.effect), power: percent(plan.power)})) :
        tile(t("experiments.plan"), plan.purchases ? number(plan.purchases) : "–",
        plan.purchases ? `${t("experiments.plan.words", {effect: percent(plan.effect), power: percent(plan.power)})} ${people}` : t("experiments.plan.many")),
      tile(t("experiments.split"), chance(one.split.p), t(one.split.off ? "experiments.split.bad" : "experiments.split.good")));
  }

  /** @param {Experiment} one */
  #arms(one) {
    const control = one.arms[0];
    const rate = (/** @type {Arm} */ arm, /** @type {string} */ metric) => `${number(arm.did[metric] ?? 0)} · ${arm.exposed ? decimal((100 * (arm.did[metric] ?? 0)) / arm.exposed, 1) : "–"} %`;
    const mean = (/** @type {Arm} */ arm, /** @type {string} */ metric) => (arm.means[metric]?.n ? decimal(arm.means[metric].mean, 2) : "–");
    const over = one.state !== "running";
    return table(
      [t("experiments.arm"), t("experiments.sets"), t("experiments.people"), ...[...shares, ...means].map((metric) => t(`experiments.metric.${metric}`)), t("experiments.decide")],
      one.arms.map((arm) => [
        arm === control && (lang !== "en" || arm.name !== "control") ? t("experiments.control", {arm: arm.name}) : arm.name,
        h("span", {class: "experiments__sets"}, Object.entries(arm.set).map(([name, value]) => `${name}=${value}`).join(", ") || "–"),
        `${number(arm.exposed)} · ${percent(arm.weight)}`,
        ...shares.map((metric) => rate(arm, metric)), ...means.map((metric) => mean(arm, metric)),
        h("span", {class: "row experiments__decide"},
          arm !== control && !arm.stopped && !over ? this.#button(one, arm, "stopped") : null,
          arm.stopped ? h("span", {class: "badge"}, t("experiments.stopped")) : null,
          !arm.stopped && one.state !== "shipped" ? this.#button(one, arm, "shipped") : null),
      ]), {caption: `${one.name}: ${t("experiments.arms")}`, numbers: 2});
  }

  /** @param {Experiment} one @param {Arm} arm @param {"stopped" | "shipped"} what */
  #button(one, arm, what) {
    return h("button", {type: "button", class: "btn btn--small", data: {key: `${one.name}-${arm.name}-${what}`}, aria: {label: t(`experiments.${what}.label`, {arm: arm.name})}, onclick: async () => {
      const words = {title: t(`experiments.${what}.label`, {arm: arm.name}), text: t(`experiments.${what}.text`), yes: t(`experiments.${what}.do`)};
      if (await confirmed(words)) await this.#look(`/v1/experiments/${one.name}`, {what, arm: arm.name});
    }}, t(`experiments.${what}.do`));
  }

  /** @param {Experiment} one */
  #draft(one) {
    const {draft} = one;
    if (!draft) return null;
    return h("div", {class: "stack"}, h("h3", null, t("experiments.draft")),
      h("p", null, draft.lists === 0 ? t("experiments.draft.none") : t("experiments.draft.words", {n: draft.lists, second: draft.second, arm: one.arms[1].name, ratio: said(draft.now.estimate, "ratio"),
        low: said(draft.now.low, "ratio"), high: said(draft.now.high, "ratio", true), p: chance(draft.now.p)})), h("p", {class: "hint"}, t("experiments.draft.hint")));
  }

  /** @param {Experiment} one @param {Comparison} comparison @param {number} width */
  #comparison(one, comparison, width) {
    const {arm, metrics, guards} = comparison;
    const inner = width - 34; // the card's own edges
    const half = inner > 780 ? Math.floor((inner - 16) / 2) : inner;
    const plots = (/** @type {Comparand[]} */ list) => h("div", {class: "report__pair"}, ...list.map((comparand) => {
      const drawn = sequence(one, arm, comparand, half);
      return h("div", {class: "stack"}, h("h4", null, t(`experiments.metric.${comparand.metric}`)), drawn ?? h("p", {class: "hint"}, t("experiments.plot.none")));
    }));
    return [h("h3", null, t("experiments.versus", {arm, control: one.arms[0].name})),
      table([t("experiments.metric"), t("experiments.column.estimate"), t("experiments.column.interval"), t("experiments.column.p"), t("experiments.verdict")],
        metrics.map((comparand) => [t(`experiments.metric.${comparand.metric}`), comparand.now.n ? said(comparand.now.estimate, comparand.kind) : "–",
          comparand.now.n ? `${said(comparand.now.low, comparand.kind)} … ${said(comparand.now.high, comparand.kind, true)}` : "–", chance(comparand.now.p),
          h("span", {class: comparand.found ? "badge badge--gold" : "muted"}, t(`experiments.verdict.${verdict(comparand)}`)),
        ]), {caption: `${one.name}: ${t("experiments.versus", {arm, control: one.arms[0].name})}`}),
      h("p", {class: "hint"}, [t("experiments.guards"), ...guards.map(({metric, p, level}) => t("experiments.guard", {metric: t(`experiments.metric.${metric}`), p: chance(p), level: decimal(level, 3)}))].join(" ")),
      plots(metrics.filter(({metric}) => first.includes(metric))),
      h("details", {data: {key: `${one.name}-${arm}-more`}}, h("summary", null, t("experiments.more")), plots(metrics.filter(({metric}) => !first.includes(metric))))];
  }
}
