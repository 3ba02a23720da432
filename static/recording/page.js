// @ts-check
/** @import {RecordingPage} from "../client/protocol.js" */
import * as api from "../client/api.js";
import {clock, date, errorText, onLang, t} from "../i18n.js";
import {aria, h, icon, text} from "../elements/dom.js";
import {fromToken, remember, seat} from "../pages/identity.js";
import {langName} from "../captions/names.js";
import "../elements/site-menu.js";
import {toast} from "../elements/toast.js";
import "./player.js";

// A recorded class: its film, its chapters, and the other recordings of its
// room. Whoever may come into the class may see it.

const [, , room = "", which = ""] = location.pathname.split("/").map(decodeURIComponent);
const place = document.body;
place.classList.add("recording-page");

const granted = fromToken(new URLSearchParams(location.hash.slice(1)).get("token") ?? "");
if (granted) {
  history.replaceState(null, "", location.pathname);
  remember(room, granted);
}

/** @type {{state: "loading" | "shown" | "live" | "empty" | "missing" | "stranger" | "offline", view: RecordingPage | null, others: RecordingPage[]}} */
const page = {state: "loading", view: null, others: []};
const player = /** @type {import("./player.js").RecordingPlayer} */ (document.createElement("recording-player"));
/** @type {HTMLButtonElement[]} */
let marks = [];

/** @type {Record<string, string>} */
const pictures = {segment: "flag", question: "question", poll: "poll", quiz: "quiz"};

/** @param {RecordingPage} view */
function chapters(view) {
  marks = view.chapters.map(({at, kind, title}) => h("button", {type: "button", class: "chapters__one", onclick: () => {
    player.seek(at);
    player.play();
  }}, icon(pictures[kind] ?? "flag"), h("span", {class: "chapters__title"}, title || t(`recording.kind.${kind}`)), h("span", {class: "chapters__time numeric muted"}, clock(at / 1000))));
  return h("section", {class: "chapters card", aria: {labelledby: "chapters"}}, h("h2", {id: "chapters"}, t("recording.chapters")),
    marks.length > 0 ? h("ol", {class: "chapters__list"}, ...marks.map((mark) => h("li", null, mark))) : h("p", {class: "muted"}, t("recording.chapters.none")));
}

player.addEventListener("player-time", (event) => {
  const {chapter} = /** @type {CustomEvent} */ (event).detail;
  marks.forEach((mark, i) => aria(mark, "current", i === chapter ? "true" : null));
});

/** What may make a good clip, for the staff; and the last half minute, wherever one is. @param {RecordingPage} view */
function clips(view) {
  const held = seat(room);
  if (!held || held.role === "viewer") return null;
  const keep = async (/** @type {HTMLButtonElement} */ button, /** @type {number} */ from, /** @type {number} */ to) => {
    button.disabled = true;
    try {
      await api.cutClip(room, held.token, view.id, {from: Math.round(from), to: Math.round(to)});
      toast(t("recording.clip.made"));
    } catch (err) {
      toast(errorText(/** @type {any} */ (err)), {kind: "danger"});
      button.disabled = false;
    }
  };
  const last = h("button", {type: "button", class: "btn btn--small", onclick: () => {
    const to = Math.min(view.length, Math.max(player.at, 1000));
    void keep(last, Math.max(0, to - 30_000), to).then(() => (last.disabled = false));
  }}, icon("flag"), t("recording.clip.last"));
  return h("section", {class: "chapters card", aria: {labelledby: "moments"}}, h("h2", {id: "moments"}, t("recording.moments")),
    h("p", {class: "muted small"}, t(view.moments?.length ? "recording.moments.text" : "recording.moments.none")),
    h("ol", {class: "chapters__list"}, ...(view.moments ?? []).map(({at, from, to, why}) => {
      const take = h("button", {type: "button", class: "btn btn--small", onclick: () => void keep(take, from, Math.min(to, view.length))}, t("recording.clip"));
      return h("li", {class: "row"}, h("button", {type: "button", class: "chapters__one", onclick: () => {
        player.seek(from);
        player.play();
      }}, icon("spark"), h("span", {class: "chapters__title"}, t(`recording.moment.${why}`)), h("span", {class: "chapters__time numeric muted"}, clock(at / 1000))), take);
    })), last);
}

function others() {
  const list = page.others.filter((r) => r.id !== page.view?.id && r.ended_at > 0);
  if (list.length === 0) return null;
  return h("section", {class: "chapters card", aria: {labelledby: "others"}}, h("h2", {id: "others"}, t("recording.others")),
    h("ul", {class: "chapters__list"}, ...list.map((r) => h("li", null, h("a", {class: "chapters__one", href: r.url}, icon("history"),
      h("span", {class: "chapters__title"}, date(r.started_at)), h("span", {class: "chapters__time numeric muted"}, clock(r.length / 1000)))))));
}

/** Deletes at the second tap. @param {RecordingPage} view */
function removal(view) {
  const held = seat(room);
  if (held?.role !== "host") return null;
  let sure = false;
  const words = h("span", null, t("recording.delete"));
  return h("button", {type: "button", class: "btn btn--small btn--danger", onclick: async () => {
    if (!sure) {
      sure = true;
      return text(words, t("recording.delete.sure"));
    }
    try {
      player.pause();
      await api.removeRecording(room, held.token, view.id);
      location.replace(`/recording/${encodeURIComponent(room)}/latest`);
    } catch (err) {
      toast(errorText(/** @type {any} */ (err)), {kind: "danger"});
    }
  }}, icon("trash"), words);
}

/** @param {RecordingPage} view */
function shown(view) {
  const download = view.files.filter((f) => f.video || f.set === "host");
  return h("main", {class: "page recording", id: "main"},
    h("div", {class: "recording__main"}, player,
      h("h1", {class: "display"}, view.title),
      h("p", {class: "muted"}, t("recording.when", {date: date(view.started_at), length: clock(view.length / 1000)}),
        view.reason ? ` · ${t(`record.reason.${view.reason}`)}` : ""),
      h("div", {class: "cluster"}, ...download.map((f, i) => h("a", {class: "btn btn--small", href: f.url, download: `${room}-${view.id}-${i + 1}${f.url.slice(f.url.lastIndexOf("."))}`},
        icon("download"), t(f.set === "screen" ? "recording.download.screen" : "recording.download", {n: i + 1}))),
      ...view.captions.map(({lang, url}) => h("a", {class: "btn btn--small", href: url, download: `${room}-${view.id}.${lang}.vtt`}, icon("captions"), t("recording.download.captions", {lang: langName(lang)}))),
      removal(view)),
      h("details", {class: "recording__keys small muted"}, h("summary", null, t("recording.keys")), h("p", null, t("recording.keys.text")))),
    h("aside", {class: "recording__side"}, chapters(view), clips(view), others()));
}

/** @type {Record<string, string>} */
const notices = {live: "camera", empty: "history", missing: "history", stranger: "door", offline: "offline"};

function notice() {
  const {state} = page;
  return h("main", {class: "notice", id: "main"}, icon(notices[state]), h("h1", {class: "display"}, t(`recording.${state}.title`)), h("p", {class: "muted"}, t(`recording.${state}.text`)),
    h("div", {class: "cluster"}, state === "stranger" || state === "live" ? h("a", {class: "btn btn--primary", href: `/class/${encodeURIComponent(room)}`}, t("recording.class")) : null,
      h("a", {class: "btn", href: "/"}, t("notice.home"))), others());
}

function draw() {
  const {view, state} = page;
  document.title = view ? `${view.title} · Lyceum` : "Lyceum";
  const skip = h("a", {class: "skip", href: "#main"});
  text(skip, t("common.skip"));
  place.replaceChildren(skip, h("header", {class: "masthead page"}, h("a", {class: "brand", href: "/"}, h("img", {src: "/static/icons/mark.svg", alt: ""}), "Lyceum"),
    h("span", {class: "push"}), h("site-menu", {view: {}})),
  state === "shown" && view ? shown(view) : state === "loading" ? h("main", {class: "page recording", id: "main"}, h("div", {class: "player skeleton"})) : notice());
  player.words();
}

async function load() {
  const held = seat(room);
  if (!held) {
    page.state = "stranger";
    return draw();
  }
  try {
    page.others = (await api.recordings(room, held.token)).recordings;
    const id = which === "latest" ? page.others[0]?.id : Number(which);
    if (!id) {
      page.state = "empty";
      return draw();
    }
    const view = await api.recording(room, held.token, id);
    page.state = view.ended_at === 0 ? "live" : view.files.length === 0 ? "empty" : "shown";
    if (page.state === "shown") {
      page.view = view;
      player.view = view;
    }
  } catch (err) {
    const status = err instanceof api.ApiError ? err.status : 0;
    page.state = status === 404 ? "missing" : status === 401 || status === 403 ? "stranger" : "offline";
  }
  draw();
}

onLang(draw);
draw();
void load();
