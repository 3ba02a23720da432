// @ts-check
import {lang, languages, setLang, t} from "../i18n.js";
import {iconButton, View} from "./dom.js";
import {openMenu} from "./menu.js";

const themes = /** @type {const} */ (["system", "light", "dark"]);
const saved = "lyceum.theme";

/** @returns {string} */
function theme() {
  return document.documentElement.dataset.theme ?? "system";
}

/** @param {string} which */
function setTheme(which) {
  if (which === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = which;
  try {
    if (which === "system") localStorage.removeItem(saved);
    else localStorage.setItem(saved, which);
  } catch {
    // The choice then holds for this page only.
  }
}

const names = {en: "English", "zh-CN": "简体中文"};

/**
 * <site-menu> changes the page's language and theme, and remembers both.
 * Its view may add items of the page's own before them.
 * @extends {View<{items?: import("./menu.js").MenuItem[]}>}
 */
export class SiteMenu extends View {
  build() {
    const button = iconButton("settings", t("site.settings"), {aria: {haspopup: "menu", expanded: "false"}});
    button.onclick = () => openMenu(button, [
      ...(this.view?.items ?? []),
      {title: t("site.language")},
      ...languages.map((which) => ({label: names[which], checked: which === lang, act: () => void setLang(which)})),
      "line",
      {title: t("site.theme")},
      ...themes.map((which) => ({
        label: t(`site.theme.${which}`), icon: {system: "system", light: "sun", dark: "moon"}[which],
        checked: which === theme(), act: () => setTheme(which),
      })),
    ]);
    this.append(button);
  }
}

customElements.define("site-menu", SiteMenu);
