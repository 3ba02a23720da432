// @ts-check
import {encoder} from "../client/api.js";
import {h, icon} from "../elements/dom.js";
import {dateWithin, errorText, t} from "../i18n.js";
import {field, openDialog, select} from "./dialog.js";
import {copyRow} from "./share-dialog.js";

/**
 * Opens the dialog with what a streaming program such as OBS needs to go on
 * air here: an address, and a token of limited life that is good for nothing else.
 * @param {{room: string, token: string}} options
 */
export function obsDialog({room, token}) {
  const error = h("p", {class: "error", role: "alert"});
  const made = h("div", {class: "stack", aria: {live: "polite"}});
  let hours = 12;
  const make = h("button", {type: "button", class: "btn btn--primary", onclick: async () => {
    make.disabled = true;
    error.textContent = "";
    try {
      const given = await encoder(room, token, {hours});
      made.replaceChildren(
        copyRow(t("host.obs.url"), given.url, t("host.obs.copied")),
        copyRow(t("host.obs.token"), given.token, t("host.obs.copied")),
        h("p", {class: "small muted"}, t("host.obs.secret", {time: dateWithin(given.expires)})));
      made.querySelector("button")?.focus();
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
    }
    make.disabled = false;
  }}, icon("lock"), t("host.obs.make"));
  openDialog({title: t("host.obs"), body: [
    h("p", {class: "muted"}, t("host.obs.text")),
    h("p", {class: "small muted"}, t("host.obs.settings")),
    field(t("host.share.hours"), select([2, 12, 24, 24 * 7].map((n) => ({value: n, label: n < 48 ? t("host.hours", {n}) : t("host.days", {n: n / 24})})), hours,
      (value) => (hours = Number(value)))),
    h("div", {class: "row"}, make), error, made,
  ]});
}
