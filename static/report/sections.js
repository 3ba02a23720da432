// @ts-check
/** @import {Child} from "../elements/dom.js" */
/** @import {Example, Feeling, ItemResult, Poll, Question, Quiz, Report, Survey, Theme} from "./types.js" */
// The parts of a report, each drawn from what the server said and nothing else.

import {h} from "../elements/dom.js";
import {plainText} from "../elements/quiz-rules.js";
import {rich} from "../elements/rich-text.js";
import {clock, date, duration, number, t, time} from "../i18n.js";
import {bars, decimal, percent, seconds, table} from "./plots.js";
import {hardness, mood, sharpness} from "./rules.js";

/** A moment. @param {number} ms */
const when = (ms) => (ms ? date(ms) : "–");

/** The class in a few numbers. @param {Report} report */
export function figures({class: c, comments}) {
  const tile = (/** @type {string} */ name, /** @type {string} */ value, /** @type {string} */ note = "") =>
    h("div", {class: "tile", data: {figure: name}}, h("dt", null, t(`report.figure.${name}`)), h("dd", null, h("strong", {class: "numeric"}, value), note ? h("span", {class: "hint"}, note) : null));
  return h("dl", {class: "tiles"},
    tile("people", number(c.people), t("report.figure.people.note", {peak: c.peak})),
    tile("duration", c.duration ? duration(c.duration / 1000) : "–", c.stay && c.duration ? t("report.figure.duration.note", {stay: duration(c.stay.median / 1000)}) : ""),
    tile("rate", percent(c.rate), t("report.figure.rate.note", {active: c.active, of: c.viewers})),
    tile("messages", number(c.messages), t("report.figure.messages.note", {hands: c.hands})),
    tile("asked", number(c.asked), t("report.figure.asked.note", {answered: c.answered, votes: c.upvotes})),
    tile("votes", number(c.votes), t("report.figure.votes.note", {n: c.polls})),
    tile("right", percent(c.right), t("report.figure.right.note", {n: c.answers, points: c.points})),
    tile("feeling", comments.feeling.mean === null ? "–" : t(`report.mood.${mood(comments.feeling.mean)}`),
      comments.feeling.mean === null ? "" : t("report.figure.feeling.note", {mean: decimal(comments.feeling.mean)})));
}

/** @param {number | null} score */
const feelingBadge = (score) => (score === null ? null : h("span", {class: `badge feeling feeling--${mood(score)}`}, t(`report.mood.${mood(score)}`), " ", decimal(score)));

/** @param {Example} example */
const quote = (example) => h("blockquote", {class: "quote"}, rich("p", "", example.text),
  h("footer", {class: "hint"}, t(`report.source.${example.source}`), example.at ? ` · ${time(example.at)}` : "", example.score === null ? "" : ` · ${decimal(example.score)}`));

/** @param {Theme[]} list @param {string} key */
function themes(list, key) {
  const most = Math.max(1, ...list.map(({count}) => count));
  return h("ol", {class: "themes"}, ...list.map((theme) => h("li", {class: "themes__row"},
    h("details", {data: {key: `${key}/${theme.phrase}`}},
      h("summary", null, h("span", {class: "themes__name", dir: "auto"}, theme.phrase), h("span", {class: "bars__track", aria: {hidden: "true"}},
        h("span", {class: "bars__fill", style: {"--share": String(theme.count / most)}})), h("span", {class: "numeric muted"}, t("report.comments.n", {n: theme.count})), feelingBadge(theme.feeling)),
      ...theme.examples.map(quote)))));
}

/** @param {Feeling} feeling */
const split = (feeling) => bars([
  {name: t("report.mood.praise"), n: feeling.praise, of: feeling.n, look: "bars__fill--good"},
  {name: t("report.mood.neutral"), n: feeling.neutral, of: feeling.n},
  {name: t("report.mood.complaint"), n: feeling.complaint, of: feeling.n, look: "bars__fill--bad"},
  {name: t("report.mood.mute"), n: feeling.n - feeling.praise - feeling.neutral - feeling.complaint, of: feeling.n, look: "bars__fill--quiet"},
]);

/** What was written, and how it felt. @param {Report} report */
export function comments({comments: c}) {
  if (c.feeling.n === 0) return empty("report.comments.none");
  const parts = c.parts.filter((part) => part.feeling.n > 0 || part.messages > 0);
  return h("div", {class: "stack"},
    h("div", {class: "report__pair"},
      h("section", {class: "card stack"}, h("h3", {class: "card__title"}, t("report.comments.feeling")), split(c.feeling), h("p", {class: "hint"}, t("report.comments.how"))),
      h("section", {class: "card stack"}, h("h3", {class: "card__title"}, t("report.comments.themes")),
        c.themes.length ? themes(c.themes.slice(0, 12), "theme") : h("p", {class: "hint"}, t("report.comments.few")))),
    parts.length ? h("section", {class: "card stack"}, h("h3", {class: "card__title"}, t("report.comments.parts")),
      h("ol", {class: "parts"}, ...parts.map((part) => h("li", {class: "parts__row"},
        h("p", {class: "parts__head"}, h("strong", {dir: "auto"}, part.title || `${time(part.from)}–${time(part.to)}`),
          part.title ? h("span", {class: "muted"}, ` ${time(part.from)}–${time(part.to)}`) : null, h("span", {class: "muted numeric"}, t("report.comments.n", {n: part.feeling.n})), feelingBadge(part.feeling.mean)),
        part.themes.length ? h("p", {class: "parts__themes"}, ...part.themes.map(({phrase, count}) => h("span", {class: "badge", dir: "auto"}, `${phrase} · ${number(count)}`))) : null,
        part.best ? quote(part.best) : null, part.worst ? quote(part.worst) : null)))) : null);
}

/** @param {string} key */
const empty = (key) => h("p", {class: "report__none hint"}, t(key));

/** @param {Quiz[]} list */
export function quizzes(list) {
  if (list.length === 0) return empty("report.quizzes.none");
  return h("div", {class: "stack"}, ...list.map((quiz) => h("section", {class: "card stack", data: {quiz: quiz.id}},
    rich("h3", "card__title", quiz.title),
    h("p", {class: "hint"}, [when(quiz.at), t("report.quiz.players", {n: quiz.players}), quiz.mean === null ? "" : t("report.quiz.mean", {mean: decimal(quiz.mean, 0)}),
      t("report.quiz.questions", {n: quiz.questions.length, of: quiz.of})].filter(Boolean).join(" · ")),
    quiz.teams ? table([t("report.quiz.team"), t("report.column.score"), t("report.quiz.members")], quiz.teams.map((team) => [team.name, number(team.score), number(team.members)]), {caption: t("report.quiz.team")}) : null,
    h("ol", {class: "items"}, ...quiz.questions.map((question) => item(quiz, question))))));
}

/** @param {Quiz} quiz @param {Question} q */
function item(quiz, q) {
  const facts = q.settled ? h("dl", {class: "facts"},
    fact("difficulty", percent(q.difficulty), q.difficulty === null ? "" : t(`report.hardness.${hardness(q.difficulty)}`)),
    fact("discrimination", decimal(q.discrimination), q.discrimination === null ? t("report.discrimination.few") : t(`report.sharpness.${sharpness(q.discrimination)}`)),
    fact("time", q.time ? seconds(q.time.median) : "–", q.time ? t("report.time.quartiles", {q1: seconds(q.time.q1), q3: seconds(q.time.q3)}) : ""),
    fact("answered", number(q.answered), t("report.item.right", {n: q.right}))) : h("p", {class: "hint"}, t("report.item.open", {n: q.answered}));
  const picked = q.type === "choice" || q.type === "truefalse";
  return h("li", {class: "item", data: {question: q.number}},
    h("p", {class: "item__head"}, rich("strong", "", plainText(q.text)), h("span", {class: "badge badge--outline"}, t(`report.type.${q.type}`))),
    facts,
    q.choices ? bars(q.choices.map((choice) => ({
      name: h("span", {dir: "auto"}, picked && choice.correct ? h("span", {class: "item__right"}, "✓ ", h("span", {class: "sr-only"}, t("report.item.correct"))) : null, rich("span", "", choice.text)),
      n: choice.n, of: q.answered, look: choice.correct ? "bars__fill--good" : "",
      note: choice.upper === null || choice.lower === null ? null : t("report.item.thirds", {upper: percent(choice.upper / q.thirds), lower: percent(choice.lower / q.thirds)}),
    }))) : null,
    q.settled && q.typed?.length ? h("details", {data: {key: `typed/${quiz.id}/${q.number}`}}, h("summary", null, t("report.item.typed")),
      bars(q.typed.map((typed) => ({name: h("span", {dir: "auto"}, typed.right ? h("span", {class: "item__right"}, "✓ ", h("span", {class: "sr-only"}, t("report.item.correct"))) : null, typed.text), n: typed.n, of: q.answered, look: typed.right ? "bars__fill--good" : ""})))) : null,
    q.settled && q.key?.length && !q.choices ? h("p", {class: "hint", dir: "auto"}, t("report.item.key", {key: q.key.join("; ")})) : null);
}

/** @param {string} name @param {string} value @param {string} note */
const fact = (name, value, note) => h("div", {class: "facts__one", data: {fact: name}}, h("dt", null, t(`report.fact.${name}`)), h("dd", null, h("strong", {class: "numeric"}, value), note ? h("span", {class: "hint"}, note) : null));

/** @param {Poll[]} polls @param {Survey[]} surveys */
export function opinions(polls, surveys) {
  if (polls.length + surveys.length === 0) return empty("report.polls.none");
  return h("div", {class: "report__grid"}, ...polls.map(poll), ...surveys.map(survey));
}

/** @param {number} from @param {number} step @param {number} i */
const bin = (from, step, i) => (step === 1 ? decimal(from + i) : `${decimal(from + i * step)} … ${decimal(from + (i + 1) * step)}`);

/** @param {Poll} p */
function poll(p) {
  const {counts, result} = p;
  /** @type {Child[]} */
  const body = [];
  const named = (/** @type {string} */ text, /** @type {number} */ i) => (p.quick ? t(`poll.quick.${p.quick}.${i}`) : text);
  const own = (/** @type {string} */ key, /** @type {string} */ text) => (key === text || key.startsWith("poll.quick.") ? text : key);
  if (counts) {
    const of = p.kind === "ranking" ? Math.max(1, ...counts) : Math.max(1, p.voters);
    body.push(bars(p.choices.map((text, i) => ({name: rich("span", "", own(named(text, i), text)), n: counts[i], of}))));
  }
  if (result?.histogram) body.push(bars(result.histogram.map((n, i) => ({name: bin(result.from ?? 0, result.step ?? 1, i), n, of: result.n}))));
  if (result?.mean !== undefined) body.push(h("p", {class: "hint"}, t("report.poll.mean", {mean: decimal(result.mean), median: decimal(result.median)})));
  if (result?.words?.length) body.push(bars(result.words.slice(0, 15).map(({word, n}) => ({name: h("span", {dir: "auto"}, word), n, of: result.n}))));
  if (result?.texts?.length) body.push(h("details", {data: {key: `poll/${p.id}`}}, h("summary", null, t("report.poll.texts", {n: result.texts.length})), h("ul", {class: "said"}, ...result.texts.map((text) => rich("li", "", text)))));
  if (body.length === 0) body.push(h("p", {class: "hint"}, t(p.secret && p.phase === "open" ? "report.poll.sealed" : "report.poll.nothing")));
  return h("section", {class: "card stack", data: {poll: p.id}}, rich("h3", "card__title", p.text),
    h("p", {class: "hint"}, [t(`report.poll.${p.kind ?? "choice"}`), when(p.at), t("report.poll.voters", {n: p.voters}), p.secret ? t("report.secret") : ""].filter(Boolean).join(" · ")), ...body);
}

/** @param {Survey} s */
function survey(s) {
  const {result} = s;
  return h("section", {class: "card stack", data: {survey: s.id}}, rich("h3", "card__title", s.title),
    h("p", {class: "hint"}, [t("report.mark.survey"), when(s.at), t("report.survey.answered", {n: s.answered ?? 0}), s.anonymous ? t("report.survey.anonymous") : ""].filter(Boolean).join(" · ")),
    result ? null : h("p", {class: "hint"}, t("report.poll.sealed")),
    ...(result ? s.items.flatMap((one, i) => [rich("h4", "survey__item", one.text), ...answers(one, result.items[i]),
      s.words[i]?.themes.length ? themes(s.words[i].themes, `survey/${s.id}/${i}`) : null]) : []));
}

/** @param {{type: string, choices?: string[]}} item @param {ItemResult} r @returns {Child[]} */
function answers(item, r) {
  const low = item.type === "nps" ? 0 : 1;
  return [
    r.nps === undefined ? null : h("p", null, h("strong", {class: "numeric"}, t("report.survey.nps", {nps: decimal(r.nps, 0)})), " ",
      h("span", {class: "hint"}, t("report.survey.nps.note", {promoters: r.promoters ?? 0, passives: r.passives ?? 0, detractors: r.detractors ?? 0}))),
    r.histogram ? bars(r.histogram.map((n, i) => ({name: String(low + i), n, of: r.n}))) : null,
    r.mean === undefined ? null : h("p", {class: "hint"}, t("report.poll.mean", {mean: decimal(r.mean), median: decimal(r.median)})),
    r.counts ? bars(r.counts.map((n, i) => ({name: rich("span", "", item.choices?.[i] ?? ""), n, of: r.n}))) : null,
    r.texts?.length ? h("ul", {class: "said"}, ...r.texts.slice(0, 10).map((text) => rich("li", "", text))) : null,
  ];
}

/** @param {Report} report */
export function board({board: list, class: c}) {
  if (list.length === 0) return empty("report.board.none");
  return h("div", {class: "stack"}, table([t("report.column.text"), t("report.column.by"), t("report.column.state"), t("report.column.votes"), t("report.column.replies")],
    list.slice(0, 20).map((q) => [rich("span", "", q.text), q.anonymous ? t("qa.anonymous") : q.by, t(`qa.state.${q.state}`), number(q.votes), number(q.answers)]),
    {caption: t("report.board"), numbers: 3}), c.asked > 20 ? h("p", {class: "hint"}, t("report.board.more")) : null);
}

/** What one person did. @param {import("./types.js").Detail} d @returns {Node[]} */
export function detail(d) {
  const part = (/** @type {string} */ title, /** @type {Node | null} */ body) => (body ? [h("h3", {class: "card__title"}, title), body] : []);
  return [
    h("p", {class: "hint"}, t("report.person.summary", {attended: clock(d.attended / 1000), share: percent(d.share), messages: d.messages, right: d.right, answered: d.answered, score: d.score})),
    ...part(t("report.table.attendance"), d.stays.length ? h("ul", {class: "said"}, ...d.stays.map(({from, to}) => h("li", {class: "numeric"}, `${when(from)} – ${to ? time(to) : t("report.person.here")}`))) : null),
    ...part(t("report.table.answers"), d.answers.length ? table([t("report.column.question"), t("report.column.answer"), t("report.column.points"), t("report.column.seconds")],
      d.answers.map((a) => [rich("span", "", plainText(a.question)), h("span", {dir: "auto"}, a.right ? "✓ " : "✗ ", h("span", {class: "sr-only"}, t(a.right ? "report.yes" : "report.no")), a.text), number(a.points), decimal(a.took / 1000, 1)]), {caption: t("report.table.answers"), numbers: 2}) : null),
    ...part(t("report.table.board"), d.asked.length ? h("ul", {class: "said"}, ...d.asked.map((q) => rich("li", "", q.text))) : null),
    ...part(t("report.table.votes"), d.given.length ? table([t("report.column.poll"), t("report.column.vote")], d.given.map((v) => [rich("span", "", v.title), h("span", {dir: "auto"}, v.secret ? t("report.secret") : v.given)]), {caption: t("report.table.votes"), numbers: 2}) : null),
  ];
}
