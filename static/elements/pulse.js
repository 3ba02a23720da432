// @ts-check
/** @import {Mood, MoodName, PulseNote, PulseTally} from "../client/protocol.js" */
import {number, t} from "../i18n.js";
import {aria, flag, h, icon, keyed, svg, text, View} from "./dom.js";
import {send} from "./intents.js";
import {moods, pulseLine, pulseOf} from "./survey-rules.js";
import {announce} from "./toast.js";

/** The pictures of moods. @type {Record<MoodName, string>} */
const pictures = {lost: "question", fast: "chevron-right", slow: "chevron-left", good: "check"};

/**
 * <pulse-bar> lets a viewer say in one tap how the class goes: it sends
 * "pulse-say". The same again takes it back; what was said fades by itself.
 * @extends {View<{mood: Mood | null, now: () => number, disabled?: boolean}>}
 */
export class PulseBar extends View {
  #timer = 0;

  build() {
    this.classList.add("pulse-bar");
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", t("pulse.label"));
    this.title = t("pulse.hint");
    for (const mood of [...moods].reverse()) {
      this.append(h("button", {type: "button", class: `chip pulse-mood pulse-mood--${mood}`, data: {mood}, onclick: () => this.#say(mood)}, icon(pictures[mood]), h("span", null, t(`pulse.${mood}`))));
    }
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  /** @param {{mood: Mood | null, now: () => number, disabled?: boolean}} view */
  update({mood, now, disabled}) {
    clearTimeout(this.#timer);
    const left = mood?.mood ? mood.until - now() : 0;
    if (left > 0) this.#timer = Number(setTimeout(() => this.refresh(), left));
    for (const button of this.querySelectorAll("button")) {
      button.disabled = Boolean(disabled);
      aria(button, "pressed", left > 0 && mood?.mood === button.dataset.mood);
    }
  }

  /** @param {MoodName} mood */
  #say(mood) {
    const had = this.querySelector("[aria-pressed=true]");
    const back = /** @type {HTMLElement | null} */ (had)?.dataset.mood === mood;
    send(this, "pulse-say", {mood: back ? "" : mood}).then(() => announce(t(back ? "pulse.taken" : "pulse.said", {mood: t(`pulse.${mood}`)})), () => {});
  }
}

/** @typedef {{tally: PulseTally | null, notes: PulseNote[], from: number, live: boolean, now: () => number}} GaugeView */

/**
 * <pulse-gauge> shows the staff how the class goes: how many are lost, find it
 * too fast or too slow, or good; a line over the class's time; and it calls when
 * many are lost. It is hidden as long as nobody has said anything.
 * @extends {View<GaugeView>}
 */
export class PulseGauge extends View {
  #called = "";

  build() {
    this.classList.add("pulse-gauge");
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", t("pulse.gauge"));
    this.call = h("p", {class: "pulse-gauge__call"}, icon("alert"), h("strong"));
    this.counts = h("ul", {class: "cluster pulse-gauge__counts"});
    this.line = svg("svg", {class: "pulse-gauge__line", viewBox: "0 0 100 24", preserveAspectRatio: "none", role: "img"});
    this.append(this.call, this.counts, this.line);
  }

  /** @param {GaugeView} view */
  update({tally, notes, from, live, now}) {
    const {call, counts, line} = this;
    if (!call || !counts || !line) return;
    const {counts: all, people, alarm} = pulseOf(tally);
    this.hidden = !live || (people === 0 && notes.length === 0);
    flag(this, "pulse-gauge--alarm", alarm);
    const found = all.find(({mood}) => mood === alarm);
    call.hidden = !found;
    const words = found ? t(`pulse.call.${found.mood}`, {n: found.n, of: tally?.here ?? 0}) : "";
    text(/** @type {Element} */ (call.lastElementChild), words);
    if ((alarm ?? "") !== this.#called) {
      this.#called = alarm ?? "";
      if (words) announce(words, "assertive");
    }
    keyed(counts, all, ({mood}) => mood, ({mood}) => h("li", {class: `pulse-count pulse-mood--${mood}`}, icon(pictures[mood]), h("span", null, t(`pulse.${mood}`)), " ",
      h("strong", {class: "numeric"})), (node, {n, weight}) => {
      text(node.lastElementChild, number(n));
      flag(node, "pulse-count--none", n === 0);
      node.style.setProperty("--strength", String(Math.min(1, n > 0 ? 0.35 + 0.65 * (weight / n) : 0)));
    });
    line.toggleAttribute("hidden", notes.length === 0);
    if (notes.length > 0) this.#draw(line, notes, from || notes[0].at, now());
  }

  /** @param {SVGElement} line @param {PulseNote[]} notes @param {number} from @param {number} to */
  #draw(line, notes, from, to) {
    const most = moods.map((mood) => ({mood, n: Math.max(0, ...notes.map((note) => note[mood] ?? 0))})).filter(({n}) => n > 0);
    line.setAttribute("aria-label", t("pulse.line", {list: most.map(({mood, n}) => `${t(`pulse.${mood}`)} ${number(n)}`).join(", ")}));
    line.replaceChildren(...[...most].reverse().map(({mood}) => svg("polyline", {class: `pulse-line pulse-mood--${mood}`, "vector-effect": "non-scaling-stroke",
      points: pulseLine(notes, mood, from, to).map(([x, y]) => `${(x * 100).toFixed(2)},${(22.5 - y * 21).toFixed(2)}`).join(" ")})));
  }
}

customElements.define("pulse-bar", PulseBar);
customElements.define("pulse-gauge", PulseGauge);
