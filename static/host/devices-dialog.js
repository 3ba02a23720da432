// @ts-check
/** @import {Capture, Device} from "./capture.js" */
import {h} from "../elements/dom.js";
import {t} from "../i18n.js";
import {meter} from "./capture.js";
import {field, openDialog, select} from "./dialog.js";

/**
 * Opens the choice of camera and microphone, with a picture and a level of
 * what is picked. A pick holds at once, on air too.
 * @param {Capture} capture
 * @param {(device: Device, id: string) => Promise<void>} pick
 */
export function devicesDialog(capture, pick) {
  const stop = new AbortController();
  const video = h("video", {class: "devices__picture", muted: true, autoplay: true, playsInline: true, aria: {label: t("host.preview.camera")}});
  const fill = h("div", {class: "bar__fill"});
  const pickers = h("div", {class: "stack"});
  const error = h("p", {class: "error", role: "alert"});
  let quiet = () => {};

  const hear = () => {
    quiet();
    const {camera, microphone} = capture.tracks;
    video.srcObject = camera ? new MediaStream([camera]) : null;
    video.hidden = !camera;
    fill.style.transform = "scaleX(0)";
    quiet = microphone ? meter(microphone, (level) => (fill.style.transform = `scaleX(${level.toFixed(2)})`)) : () => {};
  };
  const draw = async () => {
    const choices = await capture.choices();
    const picker = (/** @type {Device} */ device) => {
      const now = capture.tracks[device]?.getSettings().deviceId ?? capture.picked[device] ?? "";
      const options = choices[device].map(({id, label}, i) => ({value: id, label: label || t(`host.${device === "camera" ? "camera" : "mic"}.n`, {i: i + 1})}));
      const node = select(options.length > 0 ? options : [{value: "", label: t("host.devices.none")}], now, async (id) => {
        error.textContent = "";
        try {
          await pick(device, id);
        } catch (err) {
          error.textContent = deviceError(err);
        }
      });
      node.disabled = options.length === 0;
      return node;
    };
    pickers.replaceChildren(field(t("host.camera"), picker("camera")), field(t("host.mic"), picker("microphone")));
  };

  capture.addEventListener("change", hear, {signal: stop.signal});
  capture.addEventListener("devices", () => void draw(), {signal: stop.signal});
  hear();
  void draw();
  openDialog({title: t("host.devices"), body: [video, pickers,
    h("div", {class: "field"}, h("span", {class: "label"}, t("host.mic.level")), h("div", {class: "bar", aria: {hidden: "true"}}, fill),
      h("p", {class: "hint"}, t("host.mic.level.hint"))), error],
  onclose: () => {
    stop.abort();
    quiet();
    video.srcObject = null;
  }});
}

/** Why a device could not be started, for the person in front of it. @param {unknown} err */
export function deviceError(err) {
  const name = err instanceof Error ? err.name : "";
  const known = {NotAllowedError: "denied", NotFoundError: "missing", OverconstrainedError: "missing", NotReadableError: "busy", AbortError: "busy"};
  return t(`host.device.${known[/** @type {keyof typeof known} */ (name)] ?? "failed"}`);
}
