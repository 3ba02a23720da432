// @ts-check
import * as api from "../client/api.js";
import {clock, errorText, onLang, t} from "../i18n.js";
import {h, icon, text} from "../elements/dom.js";
import {announce, toast} from "../elements/toast.js";
import {RecordingPlayer} from "./player.js";
import {playable} from "./source.js";

const every = 2500; // ms between two looks at what has been recorded

/**
 * <class-replay> lies over the picture of a class that goes on, and plays what
 * was recorded of it: for who came late, or missed a sentence. All else on the
 * page stays live, which it says. "replay-end" goes out when its person is back.
 */
export class ClassReplay extends HTMLElement {
  #room;
  #token;
  #recording;
  #back;
  #now;
  #player = new RecordingPlayer();
  /** @type {ReturnType<typeof setInterval> | undefined} */ #tick;
  /** @type {(() => void) | undefined} */ #quiet;
  #away = false;

  /** @param {{room: string, token: string, recording: number, back: number, now: () => number}} options back: how far to go back at once, in milliseconds; now: the server's clock */
  constructor({room, token, recording, back, now}) {
    super();
    this.#room = room;
    this.#token = token;
    this.#recording = recording;
    this.#back = back;
    this.#now = now;
  }

  connectedCallback() {
    this.classList.add("replay");
    this.setAttribute("role", "region");
    this.notice = h("p", {class: "replay__notice small"}, h("strong", {class: "replay__behind numeric"}), h("span"));
    this.live = h("button", {type: "button", class: "btn btn--primary btn--small replay__live", onclick: () => this.end()}, icon("arrow-right"), h("span"));
    this.again = h("button", {type: "button", class: "btn btn--small replay__again", onclick: () => this.#player.seek(this.#player.at - 10_000)}, icon("undo"), h("span"));
    this.replaceChildren(h("div", {class: "replay__head"}, this.notice, this.again, this.live), this.#player);
    this.#player.addEventListener("player-time", () => this.#say());
    this.#quiet = onLang(() => this.#words());
    this.#words();
    void this.#begin();
  }

  disconnectedCallback() {
    this.#away = true;
    clearInterval(this.#tick);
    this.#quiet?.();
    this.#player.close();
  }

  async #begin() {
    try {
      await api.recordings(this.#room, this.#token); // the browser may fetch films from now on
      const view = await api.recording(this.#room, this.#token, this.#recording);
      if (this.#away) return;
      if (!view.files.some(playable)) throw new Error("nothing yet");
      this.#player.view = view;
      this.#player.seek(Math.max(0, view.length - this.#back));
      this.#player.play();
      this.#tick = setInterval(() => void this.#look(), every);
      this.live?.focus();
      announce(t("replay.say"));
    } catch (err) {
      toast(err instanceof api.ApiError ? errorText(/** @type {any} */ (err)) : t("replay.soon"), {kind: "danger"});
      this.end();
    }
  }

  /** Sees what has been recorded since. */
  async #look() {
    try {
      const view = await api.recording(this.#room, this.#token, this.#recording);
      if (this.#away) return;
      this.#player.grow(view);
      this.#say();
    } catch (err) {
      if (err instanceof api.ApiError && err.status > 0) this.end(); // it may not be seen any more
    }
  }

  #words() {
    if (!this.live || !this.again) return;
    this.setAttribute("aria-label", t("replay"));
    text(/** @type {Element} */ (this.live.lastElementChild), t("replay.live"));
    text(/** @type {Element} */ (this.again.lastElementChild), t("replay.again"));
    this.#player.words();
    this.#say();
  }

  #say() {
    const [behind, rest] = this.notice?.children ?? [];
    if (!behind || !rest) return;
    const view = this.#player.shown;
    if (!view) return;
    const now = view.ended_at || this.#now();
    text(behind, t("replay.behind", {time: clock(Math.max(0, now - view.started_at - this.#player.at) / 1000)}));
    text(rest, t("replay.notice"));
  }

  /** Goes back to what is live. */
  end() {
    this.dispatchEvent(new CustomEvent("replay-end", {bubbles: true}));
  }
}

customElements.define("class-replay", ClassReplay);
