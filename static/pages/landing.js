// @ts-check
/** @import {Item, RecommendedItem, SessionItem} from "../client/protocol.js" */
import * as api from "../client/api.js";
import {onLang, t} from "../i18n.js";
import {h, icon, iconButton} from "../elements/dom.js";
import {ItemCard} from "../elements/item-card.js";
import {sortSessions} from "../elements/rules.js";
import {token} from "./identity.js";
import {openPart} from "./part-dialog.js";
import {Watching} from "./watching.js";
import "../elements/session-poster.js";
import "../elements/site-menu.js";

// The front page: what is live, what comes, what suits this person, and short
// lessons. Lists are fetched once, and the sessions again now and then so that
// a class that begins moves to the front.

const refreshEvery = 30_000;

/** @type {{sessions: SessionItem[] | null, videos: Item[] | null, recommended: RecommendedItem[], failed: boolean}} */
const shelf = {sessions: null, videos: null, recommended: [], failed: false};
const watching = new Watching();
const place = document.body;
place.classList.add("landing");

/** @param {Item} item @param {boolean} [large] */
function card(item, large) {
  const node = new ItemCard();
  node.view = {item, large};
  watching.follow(node);
  return node;
}

/**
 * @param {string} id
 * @param {string} title
 * @param {Node[]} items
 * @param {"grid" | "strip"} shape
 */
function section(id, title, items, shape) {
  const list = h("ul", {class: shape === "grid" ? "shelf shelf--grid" : "shelf shelf--strip"}, ...items.map((node) => h("li", null, node)));
  const head = h("div", {class: "section__head row"}, h("h2", {id, class: "display"}, title));
  if (shape === "strip") {
    list.tabIndex = 0;
    list.setAttribute("aria-labelledby", id);
    const move = (/** @type {number} */ way) => list.scrollBy({left: way * list.clientWidth * 0.8, behavior: "smooth"});
    head.append(h("span", {class: "push"}), iconButton("chevron-left", t("common.back"), {onclick: () => move(-1)}),
      iconButton("chevron-right", t("common.forward"), {onclick: () => move(1)}));
  }
  return h("section", {class: "section page", aria: {labelledby: id}}, head, list);
}

function skeletons() {
  return section("loading", t("common.loading"), [1, 2, 3].map(() => h("div", {class: "item-card item-card--waiting", aria: {hidden: "true"}},
    h("div", {class: "item-card__poster skeleton"}), h("div", {class: "skeleton item-card__line"}), h("div", {class: "skeleton item-card__line item-card__line--short"}))), "grid");
}

function draw() {
  document.title = t("landing.title");
  const now = Date.now();
  const {live, next} = sortSessions(shelf.sessions ?? [], now);
  const featured = live[0] ?? next[0];
  const rest = live.slice(1);
  const coming = next.filter((item) => item !== featured);
  const hero = h("section", {class: featured ? "hero page" : "hero hero--alone page"},
    h("div", {class: "hero__words"}, h("h1", {class: "display"}, t("landing.hero")), h("p", {class: "hero__text"}, t("landing.text")),
      h("ul", {class: "hero__points"}, ...["watch", "ask", "vote", "earn"].map((what) =>
        h("li", {class: "row"}, icon({watch: "play", ask: "question", vote: "poll", earn: "points"}[what] ?? ""), t(`landing.${what}`))))),
    featured ? h("div", {class: "hero__now"}, h("p", {class: "hero__label"}, live.length ? t("landing.now") : t("landing.next")), card(featured, true)) : null);

  /** @type {(Node | null)[]} */
  const parts = [hero];
  if (shelf.failed) {
    parts.push(h("section", {class: "page"}, h("div", {class: "empty card"}, icon("offline"), h("p", {class: "empty__title"}, t("notice.offline.title")),
      h("p", {class: "empty__text"}, t("notice.offline.text")), h("button", {type: "button", class: "btn", onclick: () => void load()}, t("notice.again")))));
  } else if (!shelf.sessions) parts.push(skeletons());
  else if (!featured) {
    parts.push(h("section", {class: "page"}, h("div", {class: "empty card"}, icon("calendar"), h("p", {class: "empty__title"}, t("landing.empty")),
      h("p", {class: "empty__text"}, t("landing.empty.text")))));
  }
  if (shelf.recommended.length) parts.push(section("foryou", t(token() ? "landing.foryou" : "landing.popular"), shelf.recommended.map((item) => card(item)), "strip"));
  if (rest.length + coming.length) {
    parts.push(section("coming", t(rest.length ? "landing.live.coming" : "landing.coming"), [...rest, ...coming].map((item) => card(item)), "grid"));
  }
  if (shelf.videos?.length) parts.push(section("videos", t("landing.videos"), shelf.videos.map((item) => card(item)), "strip"));

  place.replaceChildren(h("a", {class: "skip", href: "#main"}, t("common.skip")),
    h("header", {class: "masthead page"}, h("a", {class: "brand", href: "/"}, h("img", {src: "/static/icons/mark.svg", alt: ""}), "Lyceum"),
      h("span", {class: "push"}), h("a", {class: "btn btn--quiet landing__teach", href: "/host"}, t("landing.teach")), h("site-menu", {view: {items: choices()}})),
    h("main", {id: "main"}, ...parts.filter((part) => part !== null)),
    h("footer", {class: "foot page"}, h("p", null, t("landing.foot"))));
}

/** What somebody who has been in a class may choose. @returns {import("../elements/menu.js").MenuItem[]} */
function choices() {
  const own = token();
  return own ? [{label: t("part.title"), act: () => openPart(own)}, "line"] : [];
}

async function load() {
  shelf.failed = false;
  const own = token();
  const [sessions, videos, recommended] = await Promise.allSettled([api.sessions(), api.videos(),
    api.recommendations({limit: 12, token: own}).catch((err) => {
      // A token that no longer holds must not cost anybody the popular ones.
      if (own && err instanceof api.ApiError && err.status === 401) return api.recommendations({limit: 12});
      throw err;
    })]);
  if (sessions.status === "fulfilled") shelf.sessions = sessions.value.sessions;
  else shelf.failed = true;
  if (videos.status === "fulfilled") shelf.videos = videos.value.videos;
  if (recommended.status === "fulfilled") shelf.recommended = recommended.value.items;
  draw();
}

/** Sessions again, drawn only if something shows. */
async function again() {
  if (document.hidden || !shelf.sessions) return;
  const got = await api.sessions().catch(() => null);
  if (!got || JSON.stringify(got.sessions) === JSON.stringify(shelf.sessions)) return;
  shelf.sessions = got.sessions;
  const active = document.activeElement instanceof HTMLAnchorElement ? document.activeElement.getAttribute("href") : null;
  const strips = [...document.querySelectorAll(".shelf--strip")].map((strip) => strip.scrollLeft);
  draw();
  document.querySelectorAll(".shelf--strip").forEach((strip, i) => (strip.scrollLeft = strips[i] ?? 0));
  if (active) /** @type {HTMLElement | null} */ (document.querySelector(`a[href="${CSS.escape(active)}"]`))?.focus({preventScroll: true});
}

onLang(() => {
  draw();
  void load(); // reasons come in the page's language
});
draw();
void load();
setInterval(() => void again(), refreshEvery);
document.addEventListener("visibilitychange", () => void again());
