// @ts-check
/** @import {Role} from "../client/protocol.js" */
import {links} from "../client/api.js";
import {h, icon} from "../elements/dom.js";
import {toast} from "../elements/toast.js";
import {errorText, t} from "../i18n.js";
import {field, openDialog, select} from "./dialog.js";

/**
 * Opens the dialog with the viewers' link, and with invitations for those who
 * help: a moderator, or the host on another device.
 * @param {{room: string, token: string}} options
 */
export function shareDialog({room, token}) {
  const error = h("p", {class: "error", role: "alert"});
  const made = h("div", {class: "stack"});
  let role = /** @type {Role} */ ("moderator");
  let hours = 24;
  const make = h("button", {type: "button", class: "btn", onclick: async () => {
    make.disabled = true;
    error.textContent = "";
    try {
      const {url} = await links(room, token, {role, hours});
      made.replaceChildren(linkRow(t(`host.share.link.${role}`), url));
      made.querySelector("button")?.focus();
    } catch (err) {
      error.textContent = errorText(/** @type {any} */ (err));
    }
    make.disabled = false;
  }}, icon("link"), t("host.share.make"));
  const section = h("section", {class: "stack share__help"},
    h("h3", {class: "card__title"}, t("host.share.help")),
    h("p", {class: "small muted"}, t("host.share.help.text")),
    h("div", {class: "share__row"},
      field(t("host.share.role"), select([{value: "moderator", label: t("host.share.moderator")}, {value: "host", label: t("host.share.host")}], role,
        (value) => (role = /** @type {Role} */ (value)))),
      field(t("host.share.hours"), select([1, 24, 24 * 7].map((n) => ({value: n, label: n < 48 ? t("host.hours", {n}) : t("host.days", {n: n / 24})})), hours,
        (value) => (hours = Number(value))))),
    make, error, made);
  openDialog({title: t("host.share"), body: [
    h("p", {class: "muted"}, t("host.share.text")),
    linkRow(t("host.share.link.viewer"), `${location.origin}/class/${room}`),
    section,
  ]});
}

/**
 * A link, selectable, with a button that copies it.
 * @param {string} label
 * @param {string} url
 */
const linkRow = (label, url) => copyRow(label, url, t("host.share.copied"));

/**
 * A text to be used elsewhere, selectable, with a button that copies it.
 * @param {string} label
 * @param {string} url
 * @param {string} copied what is said then
 */
export function copyRow(label, url, copied) {
  const input = h("input", {class: "input share__url", readOnly: true, value: url, onfocus: () => input.select()});
  const copy = h("button", {type: "button", class: "btn btn--primary", onclick: async () => {
    try {
      await navigator.clipboard.writeText(url);
      toast(copied);
    } catch {
      input.select(); // no clipboard here: the person copies by hand
      toast(t("host.share.copy.hand"));
    }
  }}, icon("copy"), t("host.share.copy"));
  const node = field(label, input);
  const row = h("div", {class: "row"});
  input.replaceWith(row);
  row.append(input, copy);
  return node;
}
