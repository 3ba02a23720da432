// @ts-check
/** @import {Client} from "../client/client.js" */
import {limits} from "../client/protocol.js";
import {h} from "../elements/dom.js";
import {errorText, t} from "../i18n.js";
import {field, openDialog, select} from "./dialog.js";

/** Seconds between two messages of a viewer that can be picked. */
export const slowSteps = Object.freeze([0, 5, 10, 30, 60, 300]);

/** What a slow mode is called. @param {number} n seconds */
export const slowName = (n) => (n === 0 ? t("host.slow.off") : n < 60 ? t("host.seconds", {n}) : t("host.minutes", {n: n / 60}));

/**
 * Opens the settings of the class: its title and slow mode.
 * @param {Client} client
 */
export function classDialog(client) {
  const {room} = client.state;
  if (!room) return;
  const title = h("input", {class: "input", value: room.title, maxLength: limits.title, required: true});
  const slow = select([...new Set([...slowSteps, room.slow])].sort((a, b) => a - b).map((n) => ({value: n, label: slowName(n)})), room.slow);
  const error = h("p", {class: "error", role: "alert"});
  const form = h("form", {class: "stack", id: "class-form", onsubmit: async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    save.disabled = true;
    error.textContent = "";
    try {
      if (title.value.trim() !== room.title) await client.command("room.set", {title: title.value.trim()});
      if (Number(slow.value) !== room.slow) await client.command("mod.slow", {seconds: Number(slow.value)});
      dialog.close();
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
      save.disabled = false;
    }
  }}, field(t("host.class.title"), title), field(t("host.slow"), slow, t("host.slow.hint")), error);
  const save = h("button", {type: "submit", class: "btn btn--primary"}, t("host.save"));
  save.setAttribute("form", form.id);
  const dialog = openDialog({title: t("host.class.settings"), body: [form], foot: [save]});
}
