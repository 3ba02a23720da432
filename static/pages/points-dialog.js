// @ts-check
import * as api from "../client/api.js";
import {ago, errorText, number, t} from "../i18n.js";
import {h, icon, iconButton, text} from "../elements/dom.js";

/**
 * Opens the history of a person's points.
 * @param {string} token
 */
export function openPoints(token) {
  const balance = h("strong", {class: "points-history__balance display numeric"});
  const list = h("ol", {class: "points-history"});
  const more = h("button", {type: "button", class: "btn btn--small btn--block", hidden: true}, t("points.more"));
  const state = h("p", {class: "small faint", role: "status"}, t("common.loading"));
  const dialog = h("dialog", {class: "dialog", aria: {labelledby: "points-title"}},
    h("div", {class: "dialog__head"}, h("h2", {id: "points-title"}, t("points.title")),
      iconButton("close", t("common.close"), {onclick: () => dialog.close()})),
    h("div", {class: "dialog__body stack"}, h("p", {class: "row points-history__sum"}, icon("points"), balance, h("span", {class: "muted"}, t("points.unit"))),
      state, list, more));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // a click beside it
  });

  /** @param {string} [after] */
  const load = async (after) => {
    more.disabled = true;
    try {
      const page = await api.points({token, after, limit: 30});
      text(balance, number(page.balance));
      for (const entry of page.history) {
        list.append(h("li", {class: "row"}, h("span", {class: "grow"}, t(`points.rule.${entry.rule}`),
          h("span", {class: "small faint points-history__when"}, ago(entry.at, Date.now()))),
        h("span", {class: "badge badge--gold numeric"}, `+${number(entry.points)}`)));
      }
      state.hidden = list.childElementCount > 0;
      text(state, t("points.none"));
      more.hidden = !page.next;
      more.onclick = () => void load(page.next);
    } catch (err) {
      state.hidden = false;
      text(state, errorText(/** @type {any} */ (err)));
    }
    more.disabled = false;
  };
  document.body.append(dialog);
  dialog.showModal();
  void load();
}
