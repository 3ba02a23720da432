// @ts-check
/** @import {Item, RecommendedItem} from "../client/protocol.js" */
import * as api from "../client/api.js";
import {duration, onLang, t} from "../i18n.js";
import {aria, h, icon, setIcon, text} from "../elements/dom.js";
import {ItemCard, levelName, posterOf} from "../elements/item-card.js";
import {paragraphs, readingTime} from "../elements/rules.js";
import {toast} from "../elements/toast.js";
import {token} from "./identity.js";
import {langName} from "../captions/names.js";
import {Watching} from "./watching.js";
import "../elements/site-menu.js";

// A short video's page: the film if it has one, and the lesson in writing;
// then what to see next. How far it was read or watched is told once.

const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const watching = new Watching();
const place = document.body;
place.classList.add("lesson-page");

/** A film that the page itself can play. @param {string} url */
const playable = (url) => /\.(mp4|webm|m4v|ogv)$/i.test(url);

/** @type {{item: Item | null, next: RecommendedItem[], state: "loading" | "shown" | "missing" | "offline", liked: boolean}} */
const page = {item: null, next: [], state: "loading", liked: liked().has(id)};

/** What this browser's person has liked, so that the heart stays full. @returns {Set<string>} */
function liked() {
  try {
    return new Set(JSON.parse(localStorage.getItem("lyceum.liked") ?? "[]"));
  } catch {
    return new Set();
  }
}

/** @param {Item} item */
function acts(item) {
  const sign = icon("heart");
  const label = h("span");
  const like = h("button", {type: "button", class: "btn lesson__like", onclick: () => {
    page.liked = true;
    watching.tell(item.id, "like");
    watching.flush();
    try {
      localStorage.setItem("lyceum.liked", JSON.stringify([...liked().add(item.id)].slice(-500)));
    } catch {
      // The heart is then full for this visit only.
    }
    mark();
    toast(t(watching.on ? "video.liked.toast" : "video.liked"));
  }}, sign, label);
  const mark = () => {
    aria(like, "pressed", page.liked);
    like.disabled = page.liked;
    text(label, t(page.liked ? "video.liked" : "video.like"));
  };
  mark();
  const share = h("button", {type: "button", class: "btn", onclick: async () => {
    const url = location.href.split("#")[0];
    try {
      if (navigator.share && matchMedia("(pointer: coarse)").matches) await navigator.share({title: item.title, url});
      else {
        await navigator.clipboard.writeText(url);
        toast(t("class.copied"));
      }
      watching.tell(item.id, "share");
    } catch (err) {
      if (/** @type {Error} */ (err).name !== "AbortError") toast(url, {seconds: 12});
    }
  }}, icon("share"), t("video.share"));
  const hide = h("button", {type: "button", class: "btn btn--quiet", hidden: !watching.on, onclick: () => {
    watching.tell(item.id, "hide");
    watching.flush();
    hide.disabled = true;
    setIcon(hide, "check");
    toast(t("video.hidden"));
  }}, icon("not-interested"), t("video.hide"));
  return h("div", {class: "cluster lesson__acts"}, like, share, hide);
}

/** Kept when the page is drawn again in another language. @type {HTMLVideoElement | null | undefined} */
let film;

/** @param {string} src */
function projector(src) {
  const player = h("video", {class: "lesson__film", src, controls: true, playsInline: true, preload: "metadata"});
  const clip = /^\/v1\/clips\/([^./]+)\.\w+$/.exec(src);
  if (clip) {
    api.clipCaptions(clip[1]).then(({captions}) => player.append(...captions.map(({lang, url}) =>
      h("track", {kind: "captions", srclang: lang, label: langName(lang), src: url}))), () => {}); // it plays without
  }
  player.addEventListener("timeupdate", () => player.duration && read.seen(player.currentTime / player.duration));
  return player;
}

/** @param {Item} item */
function lesson(item) {
  film ??= playable(item.url) ? projector(item.url) : null;
  return h("article", {class: "lesson", lang: item.lang || undefined},
    h("div", {class: "lesson__poster"}, film ?? posterOf(item)),
    h("div", {class: "lesson__body"},
      h("p", {class: "cluster"}, ...(item.tags ?? []).slice(0, 5).map((tag) => h("span", {class: "badge badge--soft"}, tag))),
      h("h1", {class: "display"}, item.title),
      h("p", {class: "lesson__by muted"}, item.author ? t("item.by", {name: item.author}) : "",
        item.level ? ` · ${levelName(item.level)}` : "", item.duration_s > 0 ? ` · ${duration(item.duration_s)}` : ""),
      h("div", {class: "lesson__text"}, ...paragraphs(item.description).map((words) => h("p", null, words))),
      acts(item)));
}

function next() {
  if (page.next.length === 0) return null;
  return h("section", {class: "lesson-next", aria: {labelledby: "next"}}, h("h2", {id: "next", class: "display"}, t("video.next")),
    h("ul", {class: "shelf lesson-next__list"}, ...page.next.map((item) => {
      const node = new ItemCard();
      node.view = {item};
      watching.follow(node);
      return h("li", null, node);
    })));
}

function draw() {
  const {item, state} = page;
  document.title = item ? `${item.title} · Lyceum` : "Lyceum";
  const body = item ? [h("main", {class: "page lesson-layout", id: "main"}, lesson(item), next())]
    : state === "loading" ? [h("main", {class: "page lesson-layout"}, h("div", {class: "lesson"}, h("div", {class: "lesson__poster skeleton"})))]
      : [h("main", {class: "notice"}, icon(state === "missing" ? "book" : "offline"),
        h("h1", {class: "display"}, t(state === "missing" ? "video.missing.title" : "notice.offline.title")),
        h("p", {class: "muted"}, t(state === "missing" ? "video.missing.text" : "notice.offline.text")),
        h("a", {class: "btn btn--primary", href: "/"}, t("notice.home")))];
  place.replaceChildren(h("a", {class: "skip", href: "#main"}, t("common.skip")),
    h("header", {class: "masthead page"}, h("a", {class: "brand", href: "/"}, h("img", {src: "/static/icons/mark.svg", alt: ""}), "Lyceum"),
      h("span", {class: "push"}), h("site-menu", {view: {}})), ...body);
}

/** How much of the lesson was taken in: told once, when it is all or when the page goes. */
const read = {
  part: 0,
  told: false,
  /** @param {number} part */
  seen(part) {
    this.part = Math.max(this.part, Math.min(1, part));
    if (this.part >= 0.95) this.tell(1);
  },
  /** @param {number} part */
  tell(part) {
    if (this.told || part < 0.1) return;
    this.told = true;
    watching.tell(id, "watch", Math.round(part * 100) / 100);
  },
};

/** A lesson in writing is read while it is in sight. @param {Item} item */
function countReading(item) {
  if (playable(item.url)) return;
  const whole = readingTime(item.description);
  let seconds = 0;
  setInterval(() => {
    if (!document.hidden) read.seen(++seconds / whole);
  }, 1000);
}

async function load() {
  try {
    const {videos} = await api.videos();
    page.item = videos.find((item) => item.id === id) ?? null;
    page.state = page.item ? "shown" : "missing";
  } catch {
    page.state = "offline";
  }
  draw();
  if (!page.item) return;
  watching.tell(id, "browse");
  countReading(page.item);
  addEventListener("pagehide", () => read.tell(read.part), {capture: true}); // before what waits is posted
  const own = token();
  const got = await api.recommendations({limit: 7, token: own}).catch(() => (own ? api.recommendations({limit: 7}).catch(() => null) : null));
  if (!got) return;
  page.next = got.items.filter((item) => item.id !== id).slice(0, 6);
  const shown = next();
  if (shown) document.getElementById("main")?.append(shown);
}

onLang(draw);
draw();
void load();
