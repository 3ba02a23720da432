// @ts-check
/** @import {Captions} from "../client/protocol.js" */
/** @import {Wishes} from "./rules.js" */
import {t} from "../i18n.js";
import {aria, h, iconButton, keyed, text, View} from "../elements/dom.js";
import {openMenu} from "../elements/menu.js";
import {langName} from "./names.js";
import {pick, places, readable, sizes, wishes} from "./rules.js";

const key = "lyceum.captions";

/** @returns {Wishes} */
function kept() {
  try {
    return wishes(JSON.parse(localStorage.getItem(key) ?? "null"));
  } catch {
    return wishes(null);
  }
}

/**
 * <live-captions> lies over the picture and shows what is being said, in
 * writing, to whoever has switched it on: the last sentences, and under them
 * what is just being written. Its button stands among the picture's controls.
 * Screen readers are told of whole sentences alone: a braille display reads them.
 * Of a recording, exact, whatever cues there are are those of the moment.
 * "captions-lang" says that another language was chosen.
 * @extends {View<{captions?: Captions, now: () => number, exact?: boolean}>}
 */
export class LiveCaptions extends View {
  #wishes = kept();
  /** @type {Map<number, number>} */ #came = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  constructor() {
    super();
    this.button = iconButton("captions", "", {class: "btn btn--icon stage__control", hidden: true, onclick: () => this.#menu()});
  }

  build() {
    this.classList.add("captions");
    this.lines = h("div", {class: "captions__lines", role: "log", aria: {live: "polite", label: t("captions")}});
    this.draft = h("p", {class: "captions__line captions__line--draft", aria: {hidden: "true"}, hidden: true}, h("span"));
    this.append(this.lines, this.draft);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  /** The language that is read; "": none. */
  get chosen() {
    return pick(this.view?.captions?.langs ?? [], this.#wishes.lang);
  }

  /** @param {{captions?: Captions, now: () => number, exact?: boolean}} view */
  update({captions, now, exact}) {
    const {lines, draft, button} = this;
    if (!lines || !draft) return;
    const langs = captions?.langs ?? [];
    const lang = pick(langs, this.#wishes.lang);
    button.hidden = langs.length === 0;
    aria(button, "label", t(lang ? "captions.on" : "captions.off"));
    aria(button, "pressed", Boolean(lang));
    button.title = t("captions");
    this.hidden = !lang;
    this.dataset.size = this.#wishes.size;
    this.dataset.place = this.#wishes.place;
    this.lang = lang;
    const here = Date.now();
    const shown = exact ? {cues: captions?.cues ?? [], draft: "", next: 0} : readable(captions, lang, here, this.#came, now());
    keyed(lines, lang ? shown.cues : [], (cue) => cue.id, () => h("p", {class: "captions__line"}, h("span")),
      (line, cue) => text(line.firstElementChild, cue.text));
    draft.hidden = !shown.draft;
    text(/** @type {Element} */ (draft.firstElementChild), shown.draft);
    clearTimeout(this.#timer);
    if (shown.next) this.#timer = setTimeout(() => this.refresh(), shown.next - here + 20);
  }

  #menu() {
    const {langs = []} = this.view.captions ?? {};
    const lang = pick(langs, this.#wishes.lang);
    openMenu(this.button, [{title: t("captions")},
      {label: t("captions.none"), checked: !lang, act: () => this.#wish({lang: ""})},
      ...langs.map((one) => ({label: langName(one), checked: one === lang, act: () => this.#wish({lang: one})})),
      ...(lang ? [{title: t("captions.size")}, ...sizes.map((size) => ({label: t(`captions.size.${size}`), checked: size === this.#wishes.size, act: () => this.#wish({size})})),
        {title: t("captions.place")}, ...places.map((place) => ({label: t(`captions.place.${place}`), checked: place === this.#wishes.place, act: () => this.#wish({place})}))] : [])]);
  }

  /** @param {Partial<Wishes>} wish */
  #wish(wish) {
    this.#wishes = {...this.#wishes, ...wish};
    try {
      localStorage.setItem(key, JSON.stringify(this.#wishes));
    } catch {
      // They hold for this visit then.
    }
    this.refresh();
    if ("lang" in wish) this.dispatchEvent(new CustomEvent("captions-lang"));
  }
}

customElements.define("live-captions", LiveCaptions);
