// @ts-check
// How a person is drawn everywhere: a round avatar with initials in a colour
// of their own, and a badge for those who lead the class.

import {t} from "../i18n.js";
import {h, icon} from "./dom.js";

/** A small stable number from text (FNV-1a). @param {string} text */
export function hash(text) {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return sum >>> 0;
}

/** One or two letters for a name; one for Chinese. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = [...(words[0] ?? "?")][0].toUpperCase();
  if (words.length < 2 || /\p{Script=Han}/u.test(first)) return first;
  return first + [...words[words.length - 1]][0].toUpperCase();
}

/** @param {{id: string, name: string}} person */
export function avatar(person) {
  return h("span", {class: "avatar", aria: {hidden: "true"}, style: {"--hue": String(hash(person.id) % 360)}}, initials(person.name));
}

/**
 * "Host" or "Moderator", or nothing for a viewer.
 * @param {string} role
 */
export function roleBadge(role) {
  if (role === "host") return h("span", {class: "badge badge--gold"}, icon("crown"), t("role.host"));
  if (role === "moderator") return h("span", {class: "badge badge--soft"}, icon("shield"), t("role.moderator"));
  return null;
}

/** "A", "B" … for the choice with this index. @param {number} choice */
export const letter = (choice) => String.fromCharCode(65 + choice);

/**
 * The sign of a choice: its own shape, hue and letter together, so that no
 * one of them is needed to tell choices apart.
 * @param {number} choice
 */
export function choiceSign(choice) {
  const shape = icon(`shape-${choice % 12}`);
  return h("span", {class: "choice-sign", style: {"--choice": `var(--choice-${choice % 6})`}}, shape,
    h("span", {class: "choice-sign__letter"}, letter(choice)));
}
