// @ts-check
/** @import {Client} from "../client/client.js" */
/** @import {OwnSeat} from "../client/protocol.js" */
/** @import {Device} from "../host/capture.js" */
// A viewer's way onto the stage and their place there: the waiting room, and
// what they send while they have a seat.

import {HostMedia} from "../client/media.js";
import {aria, h, icon, setIcon, text} from "../elements/dom.js";
import {announce, toast} from "../elements/toast.js";
import {Capture, meter} from "../host/capture.js";
import {deviceError} from "../host/devices-dialog.js";
import {field, openDialog, select} from "../host/dialog.js";
import {errorText, onLang, t} from "../i18n.js";

/**
 * One viewer's place on the stage. It draws whenever the class's state
 * changes, and sends "picture" {stream} of what the person sees of themselves.
 *
 *	not asked ──invited──▶ invited ──ready──▶ waiting ──admitted──▶ seated ──▶ not asked
 *
 * Devices run from the waiting room on, and stop when the person leaves it.
 */
export class GuestStage extends EventTarget {
  #client;
  #capture = new Capture();
  #media;
  /** @type {OwnSeat | null} */ #seat = null;
  /** @type {HTMLDialogElement | null} */ #room = null;
  /** What is sent. @type {Set<Device>} */ #sent = new Set();
  /** @type {MediaStreamTrack | null} */ #shown = null;

  /** @param {Client} client */
  constructor(client) {
    super();
    this.#client = client;
    this.#media = new HostMedia(client);
    this.words = h("span", {class: "onair__words", role: "status"});
    this.badge = h("span", {class: "badge badge--live"});
    this.microphone = this.#button("mic", () => void this.#switch("microphone"));
    this.camera = this.#button("camera", () => void this.#switch("camera"));
    this.leave = h("button", {type: "button", class: "btn btn--small btn--danger", onclick: () => void this.#go()}, icon("exit"), h("span"));
    this.note = h("p", {class: "onair__note small muted", role: "status"});
    this.bar = h("section", {class: "onair", hidden: true}, this.badge, this.words, this.microphone, this.camera, this.leave, this.note);
    this.#capture.addEventListener("change", () => {
      if (this.#seat?.phase === "seated") void this.#send();
      this.draw();
    });
    this.#media.addEventListener("state", (event) => {
      const {state, reason} = /** @type {CustomEvent} */ (event).detail;
      if (state === "failed" && reason === "replaced") toast(t("stage.elsewhere"));
      this.draw();
    });
    client.on("@state", ({state}) => {
      if (state === "closed") this.close(); // there is no coming back: the camera's light goes out
    });
    onLang(() => this.draw());
  }

  /** @param {string} picture @param {() => void} act */
  #button(picture, act) {
    return h("button", {type: "button", class: "btn btn--small", onclick: act}, icon(picture), h("span"));
  }

  /** Follows the class: called after each change of its state. */
  draw() {
    const {you} = this.#client.state;
    const seat = you?.stage ?? null;
    const before = this.#seat;
    this.#seat = seat;
    if (seat?.phase !== before?.phase || seat?.seat !== before?.seat) this.#moved(before, seat);
    else if (seat?.phase === "seated" && (seat.microphone !== before?.microphone || seat.camera !== before?.camera)) void this.#send();
    this.#picture();
    this.#bar();
  }

  /** @param {OwnSeat | null} before @param {OwnSeat | null} now */
  #moved(before, now) {
    if (now?.phase === "invited" || now?.phase === "waiting") {
      this.#wait();
      return;
    }
    this.#room?.close();
    if (now) {
      announce(t("stage.onair"));
      void this.#start(now).then(() => this.#send());
      return;
    }
    if (before?.phase === "seated") toast(t("stage.left"));
    this.#sent.clear();
    void this.#media.stop();
    this.#capture.close();
  }

  /** The waiting room: a look at oneself before anybody else has one. */
  #wait() {
    if (this.#room) {
      this.#drawRoom?.();
      return;
    }
    const stop = new AbortController();
    const video = h("video", {class: "waitroom__picture", muted: true, autoplay: true, playsInline: true, hidden: true, aria: {label: t("host.preview.camera")}});
    const fill = h("div", {class: "waitroom__fill"});
    const pickers = h("div", {class: "stack"});
    const error = h("p", {class: "error", role: "alert"});
    const words = h("p", {role: "status"});
    const ready = h("button", {type: "button", class: "btn btn--primary", onclick: () => this.#client.command("stage.accept").catch(fail)}, t("stage.ready"));
    const fail = (/** @type {any} */ err) => (error.textContent = errorText(err));
    const no = h("button", {type: "button", class: "btn", onclick: () => dialog.close()});
    let quiet = () => {};
    const hear = () => {
      quiet();
      const {camera, microphone} = this.#capture.tracks;
      video.srcObject = camera ? new MediaStream([camera]) : null;
      video.hidden = !camera;
      quiet = microphone ? meter(microphone, (level) => (fill.style.transform = `scaleX(${level.toFixed(2)})`)) : () => {};
    };
    const choose = async () => {
      const choices = await this.#capture.choices();
      const picker = (/** @type {Device} */ device) => {
        const now = this.#capture.tracks[device]?.getSettings().deviceId ?? this.#capture.picked[device] ?? "";
        const options = choices[device].map(({id, label}, i) => ({value: id, label: label || t(`host.${device === "camera" ? "camera" : "mic"}.n`, {i: i + 1})}));
        const node = select(options.length > 0 ? options : [{value: "", label: t("host.devices.none")}], now, (id) => void start(device, id));
        node.disabled = options.length === 0;
        return node;
      };
      pickers.replaceChildren(field(t("host.camera"), picker("camera")), field(t("host.mic"), picker("microphone")));
    };
    const start = async (/** @type {Device} */ device, /** @type {string | undefined} */ id = undefined) => {
      try {
        error.textContent = "";
        await this.#capture.start(device, id);
      } catch (err) {
        error.textContent = deviceError(err);
      }
    };
    const draw = () => {
      const waiting = this.#seat?.phase === "waiting";
      text(words, t(waiting ? "stage.wait.text" : "stage.invited.text"));
      text(no, t(waiting ? "stage.wait.leave" : "stage.decline"));
      ready.hidden = waiting;
    };
    this.#drawRoom = draw;
    this.#capture.addEventListener("change", hear, {signal: stop.signal});
    this.#capture.addEventListener("devices", () => void choose(), {signal: stop.signal});
    const dialog = openDialog({title: t("stage.invited"), look: "waitroom", body: [words, video, pickers,
      h("div", {class: "field"}, h("span", {class: "label"}, t("host.mic.level")), h("div", {class: "waitroom__bar", aria: {hidden: "true"}}, fill)), error],
    foot: [no, ready],
    onclose: () => {
      stop.abort();
      quiet();
      video.srcObject = null;
      this.#room = null;
      const {phase} = this.#seat ?? {};
      if (phase === "invited" || phase === "waiting") void this.#go();
    }});
    this.#room = dialog;
    draw();
    if (this.#capture.possible) void Promise.all([start("microphone"), start("camera")]).then(choose);
    else error.textContent = t("host.empty.insecure.text");
  }

  /** @type {(() => void) | undefined} */ #drawRoom;

  /** Declines, or leaves the stage. */
  async #go() {
    try {
      await this.#client.command("stage.leave");
    } catch (err) {
      toast(errorText(/** @type {any} */ (err)), {kind: "danger"});
    }
  }

  /** Starts what is to be sent and does not run: the page was loaded anew. @param {OwnSeat} seat */
  async #start(seat) {
    for (const device of /** @type {Device[]} */ (["microphone", "camera"])) {
      if (seat[device] || this.#capture.tracks[device] || !this.#capture.possible) continue;
      try {
        await this.#capture.start(device);
      } catch (err) {
        toast(deviceError(err), {kind: "danger"});
      }
    }
  }

  /** Sends what may be sent now. */
  async #send() {
    const {tracks} = this.#capture;
    const seat = this.#seat;
    if (seat?.phase !== "seated") return;
    for (const source of /** @type {Device[]} */ (["microphone", "camera"])) {
      const track = tracks[source];
      if (track) track.enabled = !seat[source]; // what is off is neither seen nor heard, wherever it goes
      if (!track && !this.#sent.has(source)) continue;
      if (track) this.#sent.add(source);
      else this.#sent.delete(source);
      await this.#media.set(source, track).catch(() => {}); // told as a state
    }
  }

  /** Turns a device on or off. @param {Device} source */
  async #switch(source) {
    const seat = this.#seat;
    if (!seat) return;
    const on = Boolean(seat[source]) || !this.#capture.tracks[source];
    try {
      if (on && !this.#capture.tracks[source]) await this.#capture.start(source);
      await this.#client.command("stage.switch", {source, on});
    } catch (err) {
      toast(err instanceof DOMException ? deviceError(err) : errorText(/** @type {any} */ (err)), {kind: "danger"});
    }
  }

  #picture() {
    const seat = this.#seat;
    const track = seat?.phase === "seated" && !seat.camera ? this.#capture.tracks.camera : null;
    if (track === this.#shown) return;
    this.#shown = track;
    this.dispatchEvent(new CustomEvent("picture", {detail: {stream: track ? new MediaStream([track]) : null}}));
  }

  #bar() {
    const seat = this.#seat;
    this.bar.hidden = seat?.phase !== "seated";
    if (!seat || this.bar.hidden) return;
    aria(this.bar, "label", t("stage.onair"));
    text(this.badge, t("stage.onair.badge"));
    const whole = !seat.microphone && !seat.camera && this.#sent.size === 2;
    text(this.words, t(this.#media.state === "connected" || this.#sent.size === 0 ? whole ? "stage.onair" : "stage.onair.part" : this.#media.state === "failed" ? "stage.onair.failed" : "host.media.connecting"));
    for (const [button, source, key, on, off] of /** @type {const} */ ([[this.microphone, "microphone", "host.mic", "mic", "mic-off"], [this.camera, "camera", "host.camera", "camera", "camera-off"]])) {
      const lit = !seat[source] && Boolean(this.#capture.tracks[source]);
      setIcon(button, lit ? on : off);
      text(/** @type {Element} */ (button.lastElementChild), t(key));
      aria(button, "label", t(`${key}.${lit ? "on" : "off"}`));
      button.title = t(`${key}.${lit ? "on" : "off"}`);
      aria(button, "pressed", lit);
      button.disabled = seat[source] === "held";
      button.classList.toggle("btn--primary", seat[source] === "asked");
    }
    text(/** @type {Element} */ (this.leave.lastElementChild), t("stage.leave"));
    const note = seat.microphone === "asked" ? "stage.asked.mic" : seat.camera === "asked" ? "stage.asked.camera"
      : seat.microphone === "held" ? "stage.held.mic" : seat.camera === "held" ? "stage.held.camera" : "";
    text(this.note, note ? t(note) : "");
  }

  /** Ends all of it. */
  close() {
    this.#seat = null;
    this.#room?.close();
    this.#media.close();
    this.#capture.close();
  }
}
