// @ts-check
import {lang} from "../i18n.js";

/** What a language is called in the page's. @param {string} tag */
export function langName(tag) {
  try {
    return new Intl.DisplayNames([lang], {type: "language"}).of(tag) ?? tag;
  } catch {
    return tag; // not a tag that the browser knows
  }
}
