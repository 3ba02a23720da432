// @ts-check
/** @import {Client} from "../client/client.js" */
/** @import {Recording} from "../client/protocol.js" */
/** @import {Capture} from "./capture.js" */
import * as api from "../client/api.js";
import {aria, h, icon, setIcon, text} from "../elements/dom.js";
import {announce, toast} from "../elements/toast.js";
import {t} from "../i18n.js";
import {refused} from "./undo.js";

const posterEvery = 30_000; // ms between two pictures for the recording's poster
const posterWidth = 640;

/**
 * The host's controls of the recording: a button that begins and ends it, and
 * one that marks what was just good for a clip. While the class is recorded it
 * posts a picture now and then, of which the last is the recording's poster.
 */
export class Recorder {
  #client;
  #capture;
  #room;
  #token;
  /** @type {Recording | undefined} */ #last;
  #posted = 0;
  #marks = false;

  /** @param {{client: Client, capture: Capture, room: string, token: string}} options */
  constructor({client, capture, room, token}) {
    this.#client = client;
    this.#capture = capture;
    this.#room = room;
    this.#token = token;
    this.button = h("button", {type: "button", class: "btn btn--small studio__record", onclick: () => this.toggle()}, icon("record"), h("span"));
    this.clip = h("button", {type: "button", class: "btn btn--small studio__clip", hidden: true, onclick: () => this.mark()}, icon("flag"), h("span"));
  }

  get on() {
    return Boolean(this.#client.state.room?.recording?.on);
  }

  toggle() {
    return this.#client.command(this.on ? "record.stop" : "record.start").catch(refused);
  }

  async mark() {
    if (this.#marks) return;
    this.#marks = true; // a second tap means the same moment
    setTimeout(() => (this.#marks = false), 3000);
    try {
      await this.#client.command("clip.mark", {});
      toast(t("record.clip.marked"));
    } catch (err) {
      refused(/** @type {any} */ (err));
    }
  }

  /** @param {import("../client/protocol.js").Room} room */
  draw({recording, phase}) {
    const on = Boolean(recording?.on);
    if (this.#last && recording && this.#last.on && !on && recording.reason) toast(t(`record.reason.${recording.reason}`), {kind: "danger", seconds: 15});
    if (this.#last && Boolean(this.#last.on) !== on) announce(t(on ? "record.on" : "record.off"));
    this.#last = recording ?? {id: 0, on: false, since: 0};
    this.button.hidden = phase === "ended";
    this.clip.hidden = !on;
    aria(this.button, "pressed", on);
    this.button.title = recording?.reason && !on ? t(`record.reason.${recording.reason}`) : t(on ? "record.stop" : "record.start");
    setIcon(this.button, on ? "stop" : "record");
    text(/** @type {Element} */ (this.button.lastElementChild), t(on ? "record.stop" : "record.start"));
    text(/** @type {Element} */ (this.clip.lastElementChild), t("record.clip"));
    aria(this.button, "label", t(on ? "record.stop" : "record.start")); // on a phone there is the icon alone
    aria(this.clip, "label", t("record.clip"));
    this.clip.title = t("record.clip");
    if (on) void this.#poster();
  }

  /** What the menu offers of it. @param {boolean} whole also what the buttons do @returns {import("../elements/menu.js").MenuItem[]} */
  items(whole) {
    const past = {label: t("record.list"), icon: "history", act: () => window.open(`/recording/${this.#room}/latest`, "_blank", "noopener")};
    const {recording} = this.#client.state.room ?? {};
    const replay = recording?.on ? [{label: t("record.replay"), icon: "replay", checked: Boolean(recording.replay),
      act: () => void this.#client.command("record.replay", {on: !recording.replay}).catch(refused)}] : [];
    if (this.button.hidden || !whole) return [...replay, past];
    const clip = this.on ? [{label: t("record.clip"), icon: "flag", act: () => void this.mark()}] : [];
    return [{label: t(this.on ? "record.stop" : "record.start"), icon: this.on ? "stop" : "record", act: () => void this.toggle()}, ...clip, ...replay, past];
  }

  /** Posts what the class sees as a picture. */
  async #poster() {
    const now = performance.now();
    const track = this.#capture.tracks.screen ?? this.#capture.tracks.camera;
    if (!track || (this.#posted && now - this.#posted < posterEvery)) return;
    this.#posted = now;
    const film = h("video", {muted: true, playsInline: true, srcObject: new MediaStream([track])});
    try {
      await film.play();
      const canvas = h("canvas", {width: posterWidth, height: Math.max(1, Math.round(posterWidth * film.videoHeight / film.videoWidth))});
      canvas.getContext("2d")?.drawImage(film, 0, 0, canvas.width, canvas.height);
      /** @type {Blob | null} */
      const picture = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
      if (picture) await api.poster(this.#room, this.#token, picture);
    } catch {
      // Without a poster the page draws one.
    } finally {
      film.srcObject = null;
    }
  }
}
