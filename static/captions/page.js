// @ts-check
import {Client} from "../client/client.js";
import {ViewerMedia} from "../client/media.js";
import {closed, limits} from "../client/protocol.js";
import {fromToken} from "../pages/identity.js";
import {clock, errorText, lang, onLang, t} from "../i18n.js";
import {aria, h, icon, iconButton, keyed, text} from "../elements/dom.js";
import {ClassStage} from "../elements/class-stage.js";
import {ConnectionBanner} from "../elements/connection-banner.js";
import {toast} from "../elements/toast.js";
import "../elements/site-menu.js";
import {langName} from "./names.js";

// The page of somebody who writes down what is said in a class: they hear it,
// write, and send each sentence with Enter; what they are writing is seen as it
// grows. The last sentence can be taken back into the field.

const room = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const place = document.body;
place.classList.add("captioner-page");
const langs = ["en", "zh-CN", "es", "fr", "de", "pt", "ja", "ko", "ar", "hi", "ru"];
const draftEvery = 350; // ms between two drafts

const store = `lyceum.captioner.${room}`;
const granted = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
if (granted) {
  history.replaceState(null, "", location.pathname);
  try {
    sessionStorage.setItem(store, granted);
  } catch {
    // A reload will ask for the link again.
  }
}

function token() {
  try {
    return granted || (sessionStorage.getItem(store) ?? "");
  } catch {
    return granted;
  }
}

const stage = new ClassStage();
const banner = new ConnectionBanner();
/** @type {{lang: string, begin: number, fixing: number, sent: string, timer: ReturnType<typeof setTimeout> | undefined, gone: string}} */
const desk = {lang, begin: 0, fixing: 0, sent: "", timer: undefined, gone: ""};
/** @type {{state: "idle" | "connecting" | "playing" | "reconnecting" | "failed", quality: import("../elements/class-stage.js").Quality}} */
let line = {state: "idle", quality: "low"};
const client = new Client({room, token: token(), lang, door: "captions"});
const media = new ViewerMedia(client);

const field = h("textarea", {class: "input captioner__text", id: "captioner-text", maxLength: limits.caption, rows: 3, oninput: () => written(), onkeydown: (/** @type {KeyboardEvent} */ event) => {
  if (event.isComposing) return; // Enter picks a character of Chinese then
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    void say();
  } else if (event.key === "ArrowUp" && field.value === "") {
    event.preventDefault();
    fix(own().at(-1)?.id ?? 0);
  } else if (event.key === "Escape" && desk.fixing) stopFixing();
}});
const send = h("button", {type: "submit", class: "btn btn--primary"}, icon("send"), h("span"));
const cancel = h("button", {type: "button", class: "btn", hidden: true, onclick: () => stopFixing()}, h("span"));
const said = h("ol", {class: "captioner__said", tabIndex: 0});
const label = h("label", {htmlFor: "captioner-text"});
const hint = h("p", {class: "small muted"});
const language = h("select", {class: "input", id: "captioner-lang", onchange: () => {
  void draft("");
  desk.lang = language.value;
  draw();
}});
const languageLabel = h("label", {htmlFor: "captioner-lang"});
const title = h("h1", {class: "class-head__title truncate"});

/** The server's clock; one function, so that views compare equal. */
const now = () => client.now();

/** The cues of this language that are still known, oldest first. */
const own = () => (client.state.room?.captions?.cues ?? []).filter((cue) => cue.lang === desk.lang);

/** What is written is seen as it grows, a few times a second at most. */
function written() {
  if (!desk.begin) desk.begin = client.now();
  if (desk.fixing) return;
  desk.timer ??= setTimeout(() => {
    desk.timer = undefined;
    void draft(field.value);
  }, draftEvery);
}

/** @param {string} words */
async function draft(words) {
  if (words.trim() === desk.sent) return;
  desk.sent = words.trim();
  await client.request("caption.draft", {lang: desk.lang, text: desk.sent}).catch(() => (desk.sent = "\n")); // the next one tells more, or this again
}

async function say() {
  const words = field.value.trim();
  const {fixing, begin} = desk;
  if (!words && !fixing) return;
  clearTimeout(desk.timer);
  desk.timer = undefined;
  field.value = "";
  desk.begin = 0;
  stopFixing();
  desk.sent = "";
  try {
    if (fixing) await client.command("caption.fix", {cue: fixing, text: words});
    else {
      await client.command("caption.say", {lang: desk.lang, text: words, begin: Math.round(Math.max(begin, client.now() - 50_000))});
      await draft("");
      await client.request("caption.draft", {lang: desk.lang, text: ""}).catch(() => {});
    }
  } catch (err) {
    toast(errorText(/** @type {any} */ (err)), {kind: "danger"});
    if (field.value) return;
    if (fixing) fix(fixing); // it is still a correction
    field.value = words; // nothing that was written is lost
  }
}

/** Takes a sentence back into the field. @param {number} id */
function fix(id) {
  const cue = own().find((one) => one.id === id);
  if (!cue) return;
  desk.fixing = id;
  field.value = cue.text;
  cancel.hidden = false;
  words();
  field.focus();
}

function stopFixing() {
  if (!desk.fixing) return;
  desk.fixing = 0;
  field.value = "";
  cancel.hidden = true;
  words();
  field.focus();
}

/** Writes what stands on the page, in its language. */
function words() {
  document.title = `${client.state.room?.title ?? t("captions")} · Lyceum`;
  text(label, t(desk.fixing ? "captioner.fix" : "captioner.text"));
  text(/** @type {Element} */ (send.lastElementChild), t(desk.fixing ? "captioner.fixed" : "captioner.send"));
  text(/** @type {Element} */ (cancel.lastElementChild), t("captioner.cancel"));
  text(hint, t("captioner.hint"));
  text(languageLabel, t("captioner.lang"));
  aria(said, "label", t("captioner.said"));
}

function draw() {
  banner.view = client.state.connection;
  const {room: seen} = client.state;
  if (!seen || desk.gone) return;
  text(title, seen.title);
  words();
  stage.view = {title: seen.title, phase: seen.phase, stage: seen.stage, seats: seen.seats, speaker: seen.speaker, now,
    media: line.state, quality: line.quality};
  const cues = own();
  const below = said.scrollHeight - said.scrollTop - said.clientHeight < 40;
  keyed(said, cues, (cue) => cue.id, (cue) => h("li", {class: "captioner__cue"}, h("span", {class: "captioner__time numeric"}), h("span"),
    iconButton("edit", "", {class: "btn btn--icon btn--quiet btn--small", onclick: () => fix(cue.id)})), (node, cue) => {
    text(node.children[0], clock(Math.max(0, cue.begin - (seen.started_at || cue.begin)) / 1000));
    text(node.children[1], cue.text);
    aria(node.children[2], "label", t("captioner.fix.this"));
    node.children[2].title = t("captioner.fix.this");
  });
  if (below) said.scrollTop = said.scrollHeight;
}

/** @param {string} why key of the words */
function notice(why) {
  desk.gone = why;
  media.stop();
  place.replaceChildren(head(), h("main", {class: "notice", id: "main"}, icon("door"), h("h1", {class: "display"}, t(`${why}.title`)), h("p", {class: "muted"}, t(`${why}.text`)),
    h("a", {class: "btn btn--primary", href: "/"}, t("notice.home"))));
}

const head = () => h("header", {class: "masthead class-head"}, h("a", {class: "brand", href: "/", aria: {label: "Lyceum"}},
  h("img", {src: "/static/icons/mark.svg", alt: ""})), title, h("span", {class: "push"}), h("site-menu", {view: {}}));

function attend() {
  const known = langs.includes(desk.lang) ? langs : [desk.lang, ...langs];
  language.replaceChildren(...known.map((one) => h("option", {value: one, selected: one === desk.lang}, langName(one))));
  place.replaceChildren(head(), banner, h("main", {class: "captioner", id: "main"}, stage,
    h("div", {class: "captioner__desk"}, h("div", {class: "row"}, languageLabel, language), said,
      h("form", {class: "captioner__form", onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        void say();
      }}, label, field, h("div", {class: "row"}, send, cancel), hint))));
  media.addEventListener("stream", (event) => {
    const {source, stream} = /** @type {CustomEvent} */ (event).detail;
    stage.stream(source, stream);
  });
  media.addEventListener("state", (event) => {
    line = {...line, state: /** @type {CustomEvent} */ (event).detail.state};
    draw();
  });
  stage.addEventListener("stage-quality", (event) => {
    line = {...line, quality: /** @type {CustomEvent} */ (event).detail.quality};
    void media.setQuality(line.quality);
    draw();
  });
  stage.addEventListener("stage-retry", () => void media.watch(line.quality));
  client.addEventListener("@change", draw);
  client.on("@welcome", () => field.value && written()); // what was written meanwhile
  client.on("@state", ({state, code}) => {
    draw();
    if (state !== "closed" || code === 1000) return;
    if (code === closed.token || code === closed.expired || code === closed.refused || code === closed.protocol) notice("captioner.link");
    else if (code === closed.banned) notice("notice.banned");
    else if (code === closed.replaced) notice("notice.replaced");
  });
  client.connect();
  void media.watch(line.quality);
  words();
  field.focus();
}

onLang((which) => {
  client.lang = which;
  if (desk.gone) notice(desk.gone);
  else draw();
});
if (fromToken(token())) attend();
else notice("captioner.link");
