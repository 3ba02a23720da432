// @ts-check
/** @import {Media} from "../client/protocol.js" */
/** @import {UploadedFile} from "../client/api.js" */
import {limits} from "../client/protocol.js";
import {flag, h, icon, iconButton, text} from "../elements/dom.js";
import {send} from "../elements/intents.js";
import {mediaNode} from "../elements/pictures.js";
import {errorText, number, t} from "../i18n.js";
import {field} from "./dialog.js";

/** What can be chosen; the server looks at the bytes and has the last word. */
const pictures = "image/png,image/jpeg,image/gif,image/webp";
const accepted = `${pictures},audio/mpeg,audio/mp4,audio/ogg,audio/wav,.mp3,.m4a,.ogg,.opus,.wav,video/mp4,video/webm`;

/**
 * Uploads a file from a node of an editor, which the page carries out.
 * @param {EventTarget} node
 * @param {File} file
 * @param {(part: number) => void} onprogress
 * @returns {Promise<UploadedFile>}
 */
async function upload(node, file, onprogress) {
  if (file.type.startsWith("image/") && file.size > limits.image) throw {code: "file.large", text: ""};
  const kept = await send(node, "file-upload", {file, onprogress});
  if (!kept) throw {code: "internal", text: ""};
  return kept;
}

/**
 * The picture, sound or film of a question: chosen or dropped, shown, given
 * words that stand for it, and taken away again. held has it as its media.
 * @param {object} options
 * @param {{media: Media | null}} options.held changed in place
 * @param {boolean} options.picture whether it must be a picture, which then needs its words and is shown elsewhere
 * @param {string} options.name the prefix of the fields' names, for problems
 * @param {() => void} [options.onchange]
 */
export function mediaField({held, picture, name, onchange = () => {}}) {
  const input = h("input", {type: "file", class: "sr-only", accept: picture ? pictures : accepted, tabIndex: -1, aria: {label: t("host.media.choose")}});
  const choose = h("button", {type: "button", class: "btn btn--small media-field__choose", data: {at: `${name}.media`}, onclick: () => input.click()}, icon("plus"),
    t(picture ? "host.media.add.picture" : "host.media.add"));
  const hint = h("span", {class: "small faint"}, t("host.media.drop"));
  const bar = h("progress", {max: 1, value: 0, aria: {label: t("host.media.uploading")}});
  const share = h("span", {class: "small numeric"});
  const busy = h("div", {class: "row media-field__busy", hidden: true}, bar, share);
  const error = h("p", {class: "error", role: "alert", hidden: true});
  const zone = h("div", {class: "media-field__zone"}, choose, hint, input);
  const shown = h("div", {class: "stack media-field__shown"});
  const node = h("div", {class: "media-field"}, zone, busy, error, shown);

  /** @param {boolean} [focus] */
  function draw(focus = false) {
    const {media} = held;
    zone.hidden = media !== null;
    shown.hidden = media === null;
    if (!media) {
      shown.replaceChildren();
      if (focus) choose.focus();
      return;
    }
    const alt = h("input", {class: "input", type: "text", maxLength: limits.alt, value: media.alt ?? "", autocomplete: "off", data: {at: `${name}.alt`}});
    alt.addEventListener("input", () => {
      media.alt = alt.value;
      onchange();
    });
    const remove = () => {
      held.media = null;
      draw(true);
      onchange();
    };
    shown.replaceChildren(
      picture ? h("button", {type: "button", class: "btn btn--quiet btn--small media-field__away", onclick: remove}, icon("trash"), t("host.media.remove"))
        : h("div", {class: "media-field__preview"}, mediaNode({...media, alt: media.alt || t("host.media.preview")}),
          iconButton("trash", t("host.media.remove"), {class: "btn btn--icon btn--small media-field__remove", onclick: remove})),
      field(t(picture ? "host.media.alt.needed" : "host.media.alt"), alt, t("host.media.alt.hint")));
    if (focus) alt.focus();
  }

  /** @param {File | undefined} file */
  async function take(file) {
    if (!file || !busy.hidden) return;
    error.hidden = true;
    busy.hidden = false;
    choose.disabled = true;
    progress(0);
    try {
      const {url, kind} = await upload(node, file, progress);
      if (picture && kind !== "image") throw {code: "file.type", text: ""};
      held.media = {url, kind, alt: ""};
      draw(true);
      onchange();
    } catch (err) {
      text(error, errorText(/** @type {any} */ (err)));
      error.hidden = false;
    }
    busy.hidden = true;
    choose.disabled = false;
    input.value = "";
  }

  /** @param {number} part */
  function progress(part) {
    bar.value = part;
    text(share, `${number(Math.round(part * 100))}%`);
  }

  input.addEventListener("change", () => void take(input.files?.[0]));
  droppable(node, (file) => void (held.media === null && take(file)));
  node.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (!file || held.media !== null) return;
    event.preventDefault();
    void take(file);
  });
  draw();
  return node;
}

/**
 * A small field for the picture of a choice: a button to choose one, or the
 * picture with a way to take it away.
 * @param {{image?: string}} choice changed in place
 * @param {string} letter of the choice
 * @param {() => void} onchange
 */
export function choiceImage(choice, letter, onchange) {
  const input = h("input", {type: "file", class: "sr-only", accept: pictures, tabIndex: -1, aria: {label: t("host.choice.picture", {letter})}});
  const small = "btn btn--icon btn--quiet btn--small";
  const add = iconButton("image", t("host.choice.picture", {letter}), {class: small, onclick: () => input.click()});
  const place = h("span", {class: "edit-choice__image"});

  /** @param {boolean} [focus] */
  function draw(focus = false) {
    if (!choice.image) place.replaceChildren(add, input);
    else {
      place.replaceChildren(h("button", {type: "button", class: "edit-choice__picture", title: t("host.choice.picture.remove", {letter}),
        aria: {label: t("host.choice.picture.remove", {letter})}, onclick: () => {
          choice.image = undefined;
          draw(true);
          onchange();
        }}, h("img", {src: choice.image, alt: ""}), icon("close")));
    }
    if (focus) place.querySelector("button")?.focus();
  }

  /** @param {File | undefined} file */
  async function take(file) {
    if (!file || add.disabled) return;
    add.disabled = true;
    add.title = t("host.choice.picture", {letter});
    place.querySelector(".error")?.remove();
    try {
      const {url, kind} = await upload(place, file, (part) => (add.title = `${number(Math.round(part * 100))}%`));
      if (kind !== "image") throw {code: "file.type", text: ""};
      choice.image = url;
      draw(true);
      onchange();
    } catch (err) {
      place.append(h("span", {class: "error small", role: "alert"}, errorText(/** @type {any} */ (err))));
    }
    add.disabled = false;
    input.value = "";
  }

  input.addEventListener("change", () => void take(input.files?.[0]));
  droppable(place, (file) => void (!choice.image && take(file)));
  draw();
  return place;
}

/** Lets a file be dropped on a node. @param {HTMLElement} node @param {(file: File) => void} drop */
function droppable(node, drop) {
  const files = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  node.addEventListener("dragover", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    event.stopPropagation();
    flag(node, "is-over", true);
  });
  node.addEventListener("dragleave", () => flag(node, "is-over", false));
  node.addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    event.stopPropagation();
    flag(node, "is-over", false);
    const file = event.dataTransfer?.files[0];
    if (file) drop(file);
  });
}
