// @ts-check
/** @import {Media} from "../client/protocol.js" */
// Pictures, sounds and films that belong to a question, and pictures of
// choices. All of them are files of this server.

import {t} from "../i18n.js";
import {aria, h} from "./dom.js";

/** Says that a file cannot be shown, in its place. @param {HTMLElement} node @param {string} alt */
function unless(node, alt) {
  node.addEventListener("error", () => {
    if (node.isConnected) node.replaceWith(h("p", {class: "media__missing"}, t("media.file.missing", {alt: alt || "…"})));
  });
  return node;
}

/** The picture, sound or film of a question. @param {Media} media */
export function mediaNode({url, kind, alt = ""}) {
  switch (kind) {
    case "audio": return unless(h("audio", {class: "media__sound", src: url, controls: true, preload: "metadata", aria: {label: alt || t("media.file.audio")}}), alt);
    case "video": return unless(h("video", {class: "media__film", src: url, controls: true, playsInline: true, preload: "metadata", aria: {label: alt || t("media.file.video")}}), alt);
  }
  return unless(h("img", {class: "media__picture", src: url, alt, decoding: "async"}), alt);
}

/**
 * Shows a question's media in place, if it has any; what is shown already stays.
 * @param {HTMLElement} place
 * @param {Media | undefined} media
 */
export function showMedia(place, media) {
  place.hidden = !media;
  const shows = media ? `${media.kind} ${media.url} ${media.alt ?? ""}` : "";
  if (place.dataset.shows === shows) return;
  place.dataset.shows = shows;
  place.replaceChildren(...(media ? [mediaNode(media)] : []));
}

/**
 * The picture of a choice, or null. What it shows is said by the choice's
 * text, which is then read once and not twice.
 * @param {string | undefined} url
 * @param {string} words the choice's text
 * @param {HTMLElement} [node] where the text stands
 */
export function choicePicture(url, words, node) {
  if (!url) return null;
  if (node) aria(node, "hidden", "true");
  return h("img", {class: "choice__picture", src: url, alt: words, decoding: "async"});
}
