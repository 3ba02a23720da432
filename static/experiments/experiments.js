// @ts-check
// The operators' page of experiments: past the secret where there is one, to
// how each experiment stands.

import {ApiError} from "../client/api.js";
import {h} from "../elements/dom.js";
import {errorText, onLang, t} from "../i18n.js";
import {ask, keep, secret} from "./source.js";
import {ExperimentsPage} from "./view.js";

const app = /** @type {HTMLElement} */ (document.getElementById("app"));

/** Asks for the secret, until one is right. @param {ApiError} refused */
function enter(refused) {
  return new Promise((resolve) => {
    const draw = (/** @type {string} */ words) => {
      document.title = `${t("experiments.page")} · Lyceum`;
      const input = h("input", {class: "input", type: "password", id: "secret", autocomplete: "current-password", required: true, aria: {describedby: "why"}});
      const why = h("p", {class: "error", id: "why", role: "alert"}, words);
      const form = h("form", {class: "card gate__card stack", onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        keep(input.value.trim());
        try {
          await ask("/v1/experiments");
          end();
          resolve(null);
        } catch (err) {
          draw(words = told(/** @type {ApiError} */ (err)));
        }
      }},
      h("h1", null, t("experiments.page")), h("p", {class: "muted"}, t("experiments.secret.why")),
      h("div", {class: "field"}, h("label", {htmlFor: "secret"}, t("experiments.secret")), input), why,
      h("button", {class: "btn btn--primary btn--block"}, t("experiments.enter")));
      app.replaceChildren(h("div", {class: "gate"}, h("main", {class: "gate__main"}, form)));
      input.focus();
    };
    const told = (/** @type {ApiError} */ err) => (err.status === 401 ? t("experiments.secret.wrong") : err.status === 429 ? t("experiments.secret.locked") : errorText(err));
    let words = secret() ? told(refused) : "";
    const end = onLang(() => draw(words));
    draw(words);
  });
}

for (;;) {
  const refused = await new Promise((resolve) => {
    const page = new ExperimentsPage(app, (/** @type {ApiError} */ err) => {
      page.close();
      resolve(err);
    });
  });
  await enter(refused);
}
