// @ts-check
/** @import {ChoiceForm} from "./quiz-draft.js" */
import {limits} from "../client/protocol.js";
import {unique} from "../client/unique.js";
import {h, icon, iconButton} from "../elements/dom.js";
import {choiceSign, letter} from "../elements/person.js";
import {t} from "../i18n.js";
import {pasteLines} from "./draft.js";
import {choiceImage} from "./media-field.js";

/**
 * The editable choices of a poll or a question. Enter goes to the next choice
 * and makes one at the end, Backspace takes an empty one away, and a pasted
 * list fills one choice a line.
 * @param {object} options
 * @param {ChoiceForm[]} options.choices changed in place
 * @param {boolean} [options.correct] whether right ones are marked
 * @param {boolean} [options.images] whether they may have pictures
 * @param {() => void} options.onchange
 * @param {string} [options.name] the prefix of the fields' names, for {@link Problem}s
 */
export function choiceList({choices, correct = false, images = false, onchange, name = ""}) {
  const list = h("ol", {class: "edit-choices"});
  const add = h("button", {type: "button", class: "btn btn--quiet btn--small", onclick: () => insert(choices.length)}, icon("plus"), t("host.choice.add"));

  /** @param {number} [focus] */
  function draw(focus) {
    list.replaceChildren(...choices.map((choice, i) => row(choice, i)));
    add.disabled = choices.length >= limits.choices;
    if (focus !== undefined) list.querySelectorAll("input[type=text]")[focus]?.dispatchEvent(new Event("focus-me"));
  }

  /** @param {number} at */
  function insert(at) {
    if (choices.length >= limits.choices) return;
    choices.splice(at, 0, {text: "", correct: false});
    draw(at);
    onchange();
  }

  /** @param {number} at */
  function remove(at) {
    if (choices.length <= 2) return;
    choices.splice(at, 1);
    draw(Math.max(0, at - 1));
    onchange();
  }

  /** @param {ChoiceForm} choice @param {number} i */
  function row(choice, i) {
    const label = t("host.choice", {letter: letter(i)});
    const input = h("input", {type: "text", class: "input", value: choice.text, maxLength: limits.choice, autocomplete: "off",
      placeholder: label, aria: {label}, data: {at: `${name}${i}`}});
    input.addEventListener("focus-me", () => input.focus());
    input.addEventListener("input", () => {
      choice.text = input.value;
      onchange();
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || event.ctrlKey || event.metaKey) return;
      if (event.key === "Enter") {
        event.preventDefault();
        if (i + 1 < choices.length) list.querySelectorAll("input[type=text]")[i + 1]?.dispatchEvent(new Event("focus-me"));
        else if (input.value.trim()) insert(i + 1);
      } else if (event.key === "Backspace" && input.value === "" && choices.length > 2) {
        event.preventDefault();
        remove(i);
      }
    });
    input.addEventListener("paste", (event) => {
      const pasted = event.clipboardData?.getData("text/plain") ?? "";
      if (!/\n/.test(pasted.trim())) return;
      event.preventDefault();
      const texts = pasteLines(choices.map((c) => c.text), i, pasted);
      choices.splice(0, choices.length, ...texts.map((text, at) => ({...choices[at], text, correct: choices[at]?.correct ?? false})));
      draw(texts.length - 1);
      onchange();
    });
    const right = h("input", {type: "checkbox", checked: choice.correct});
    right.addEventListener("change", () => {
      choice.correct = right.checked;
      draw();
      onchange();
      list.querySelectorAll("input[type=checkbox]")[i]?.dispatchEvent(new Event("focus-me"));
    });
    right.addEventListener("focus-me", () => right.focus());
    return h("li", {class: choice.correct ? "edit-choice edit-choice--right" : "edit-choice"}, choiceSign(i), input,
      correct ? h("label", {class: "edit-choice__right", title: t("host.choice.right")}, right, icon("check"),
        h("span", {class: "sr-only"}, t("host.choice.right.of", {letter: letter(i)}))) : null,
      images ? choiceImage(choice, letter(i), onchange) : null,
      iconButton("close", t("host.choice.remove", {letter: letter(i)}), {class: "btn btn--icon btn--quiet btn--small",
        disabled: choices.length <= 2, onclick: () => remove(i)}));
  }

  draw();
  return h("div", {class: "stack edit-choices__box"}, list, add);
}

/** @typedef {import("./draft.js").Problem} Problem */

/**
 * Shows problems at their fields within root and puts the focus on the first.
 * A field says its name in data-at.
 * @param {HTMLElement} root
 * @param {Problem[]} problems
 */
export function showProblems(root, problems) {
  for (const old of root.querySelectorAll(".edit-problem")) old.remove();
  for (const input of root.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-errormessage");
  }
  for (const {at, why} of [...problems].reverse()) {
    const input = root.querySelector(`[data-at="${at}"]`);
    if (!(input instanceof HTMLElement)) continue;
    const id = `problem-${unique()}`;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-errormessage", id);
    (input.closest(".edit-choice") ?? input).after(h("p", {class: "error edit-problem", id, role: "alert"}, t(`host.problem.${why}`)));
    input.focus();
  }
}
