// @ts-check
import {captioner} from "../client/api.js";
import {h, icon} from "../elements/dom.js";
import {dateWithin, errorText, t} from "../i18n.js";
import {field, openDialog, select} from "./dialog.js";
import {copyRow} from "./share-dialog.js";

/**
 * Opens the dialog with what somebody, or a program, needs to write down what
 * is said: a link, or a socket with a token, of limited life.
 * @param {{room: string, token: string}} options
 */
export function captionsDialog({room, token}) {
  const error = h("p", {class: "error", role: "alert"});
  const made = h("div", {class: "stack", aria: {live: "polite"}});
  const name = h("input", {class: "input", maxLength: 40, value: t("captions")});
  let hours = 12;
  const make = h("button", {type: "button", class: "btn btn--primary", onclick: async () => {
    make.disabled = true;
    error.textContent = "";
    try {
      const given = await captioner(room, token, {name: name.value.trim() || t("captions"), hours});
      made.replaceChildren(
        copyRow(t("host.captions.link"), given.url, t("host.share.copied")),
        copyRow(t("host.captions.socket"), given.socket, t("host.obs.copied")),
        copyRow(t("host.captions.token"), given.token, t("host.obs.copied")),
        h("p", {class: "small muted"}, t("host.captions.secret", {time: dateWithin(given.expires)})));
      made.querySelector("button")?.focus();
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
    }
    make.disabled = false;
  }}, icon("link"), t("host.captions.make"));
  openDialog({title: t("captions"), body: [
    h("p", {class: "muted"}, t("host.captions.text")),
    field(t("host.captions.name"), name),
    field(t("host.share.hours"), select([2, 12, 24, 24 * 7].map((n) => ({value: n, label: n < 48 ? t("host.hours", {n}) : t("host.days", {n: n / 24})})), hours,
      (value) => (hours = Number(value)))),
    h("div", {class: "row"}, make), error, made,
  ]});
}
