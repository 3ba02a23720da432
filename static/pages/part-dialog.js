// @ts-check
import * as api from "../client/api.js";
import {h} from "../elements/dom.js";
import {openDialog} from "../host/dialog.js";
import {errorText, t} from "../i18n.js";

/**
 * Asks whether a person takes part in experiments with suggestions. What they
 * say holds for all classes, at once.
 * @param {string} token
 */
export function openPart(token) {
  const box = h("input", {type: "checkbox", role: "switch", disabled: true});
  const state = h("p", {class: "hint", role: "status"}, t("common.loading"));
  const say = async (/** @type {boolean | undefined} */ part) => {
    box.disabled = true;
    try {
      ({part} = part === undefined ? await api.takesPart({token}) : await api.takePart({token, part}));
      box.checked = Boolean(part);
      state.textContent = t(part ? "part.yes" : "part.no");
    } catch (err) {
      if (part !== undefined) box.checked = !part;
      state.textContent = errorText(/** @type {any} */ (err));
    }
    box.disabled = false;
  };
  box.addEventListener("change", () => void say(box.checked));
  openDialog({title: t("part.title"), body: [h("p", {class: "muted"}, t("part.text")), h("label", {class: "switch"}, t("part.switch"), box), state]});
  void say(undefined);
}
