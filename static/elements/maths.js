// @ts-check
// Where a text has maths, and what of TeX may be drawn: pure, without a page.
// The rule is Pandoc's (tex_math_dollars and tex_math_single_backslash), so
// that prices stay prices; docs/protocol.md states it.

/**
 * A formula of a text: its TeX, whether it stands on a line of its own, and
 * how it was written.
 * @typedef {{tex: string, display: boolean, source: string}} Formula
 */

/** What a text may hold: more is left as it was written. */
const most = {formulas: 60, tex: 2000, depth: 40};

/** Whether it is worth looking for maths. @param {string} words */
export const mayHaveMaths = (words) => /\$|\\[([]/.test(words);

/** Whether there is a formula in it. @param {string} words */
export const hasMaths = (words) => mayHaveMaths(words) && mathPieces(words).some((piece) => typeof piece !== "string");

/**
 * A text as its pieces: words, and formulas between them. `\$` is a dollar.
 * @param {string} words
 */
export const mathPieces = (words) => split(words).map((piece) =>
  (typeof piece === "string" ? piece.replace(/\\([\\$])/g, (pair, sign) => (sign === "$" ? "$" : pair)) : piece));

/**
 * Changes what of a text is no formula, as it was written.
 * @param {string} words
 * @param {(plain: string) => string} change
 */
export const besideMaths = (words, change) => split(words).map((piece) => (typeof piece === "string" ? change(piece) : piece.source)).join("");

/** @param {string} words @returns {(string | Formula)[]} the words as they were written */
function split(words) {
  /** @type {(string | Formula)[]} */
  const pieces = [];
  let plain = "";
  let formulas = 0;
  for (let at = 0; at < words.length;) {
    const found = formulas < most.formulas ? formulaAt(words, at) : undefined;
    if (found) {
      if (plain) pieces.push(plain);
      pieces.push(found);
      plain = "";
      formulas++;
      at += found.source.length;
    } else { // what opens nothing is text: an escape and "$$" are left whole
      const step = /^(?:\\[\\$]|\$\$)/.test(words.slice(at, at + 2)) ? 2 : 1;
      plain += words.slice(at, at + step);
      at += step;
    }
  }
  if (plain) pieces.push(plain);
  return pieces;
}

/** The formula that begins here, if one does. @param {string} words @param {number} at @returns {Formula | undefined} */
function formulaAt(words, at) {
  for (const [open, close, display] of /** @type {const} */ ([["\\(", "\\)", false], ["\\[", "\\]", true], ["$$", "$$", true], ["$", "$", false]])) {
    if (!words.startsWith(open, at)) continue;
    const from = at + open.length;
    const to = closing(words, from, close);
    const tex = words.slice(from, to);
    if (to < 0 || !tex.trim() || tex.length > most.tex || /\n[^\S\n]*\n/.test(tex)) return undefined;
    if (open === "$" && (/^\s|\s$/.test(tex) || /\d/.test(words.charAt(to + 1)))) return undefined;
    return {tex: tex.trim(), display, source: words.slice(at, to + close.length)};
  }
  return undefined;
}

/** Where a formula ends: at the first end that is not escaped. @param {string} words @param {number} from @param {string} close */
function closing(words, from, close) {
  for (let at = from; at < words.length && at - from <= most.tex; at++) {
    if (words.startsWith(close, at)) return at;
    if (words[at] === "\\") at++;
  }
  return -1;
}

/**
 * A text to be read where nothing is drawn, as in the options of a list, a
 * label or an announcement: formulas are TeX without their delimiters.
 * @param {string} words
 */
export const plainMaths = (words) => (mayHaveMaths(words) ? mathPieces(words).map((piece) => (typeof piece === "string" ? piece : piece.tex)).join("") : words);

/** Commands that define others, name parts of the page or load something: not of a formula's business. */
const forbidden = /\\(?:[egx]?def|let|futurelet|global|long|(?:re)?new(?:command|environment)|providecommand|DeclareMathOperator|require|input|include|href|url|includegraphics|html[A-Za-z]*|class|id|style|data|label|(?:eq)?ref)(?![A-Za-z])/;

/**
 * Why a formula is not drawn, before it is read at all: what it would define
 * or load, or how deeply it is nested.
 * @param {string} tex
 * @returns {{why: "command" | "deep", at: string} | undefined} undefined: it may be drawn
 */
export function refusedTex(tex) {
  const command = forbidden.exec(tex);
  if (command) return {why: "command", at: command[0]};
  let depth = 0;
  for (const [step] of tex.matchAll(/\\(?:left|begin|right|end)(?![A-Za-z])|\\[^A-Za-z]|[{}]/g)) {
    if (step === "{" || step === "\\left" || step === "\\begin") depth++;
    else if (step === "}" || step === "\\right" || step === "\\end") depth--;
    if (depth > most.depth) return {why: "deep", at: ""};
  }
  return undefined;
}
