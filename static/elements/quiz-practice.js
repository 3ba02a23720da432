// @ts-check
/** @import {Checked, Practice, QuizReply} from "../client/protocol.js" */
import {t} from "../i18n.js";
import {h, icon, iconButton, setIcon, text} from "./dom.js";
import {send} from "./intents.js";
import {QuizAnswer} from "./quiz-answer.js";
import {plainMaths} from "./maths.js";
import {areaWords} from "./hot-spot.js";
import {keyWords, typeOf} from "./quiz-rules.js";
import {letter} from "./person.js";
import {richText} from "./rich-text.js";
import {announce} from "./toast.js";

/**
 * Opens a quiz that is finished for practice, at one's own pace: each answer
 * is checked at once, nothing is counted and nobody else sees it. It asks
 * "quiz-practise" and "quiz-check" from node up.
 * @param {EventTarget} node
 * @param {number} quiz
 */
export async function openPractice(node, quiz) {
  /** @type {Practice} */
  let practice;
  try {
    practice = await send(node, "quiz-practise", {quiz});
  } catch {
    return; // the page has shown why
  }
  /** What was answered so far, and what came of it. @type {({own: QuizReply, checked: Checked} | undefined)[]} */
  const done = [];
  let at = 0;
  const answer = new QuizAnswer();
  const place = h("span", {class: "small faint numeric"});
  const heading = h("h3", {class: "activity-card__title", tabIndex: -1});
  const explanation = h("p", {class: "quiz__explanation"}, icon("info"), h("span", {class: "grow"}));
  const outcomeIcon = icon("check");
  const outcomeText = h("span", {class: "grow"});
  const outcome = h("p", {class: "quiz__outcome", role: "status"}, outcomeIcon, outcomeText);
  const next = h("button", {type: "button", class: "btn btn--primary", onclick: () => step()}, t("quiz.practice.next"));
  const title = h("h2", {id: `practice-${quiz}`}, practice.title);
  const dialog = h("dialog", {class: "dialog dialog--wide practice", aria: {labelledby: title.id}},
    h("header", {class: "dialog__head"}, title, iconButton("close", t("quiz.practice.close"), {onclick: () => dialog.close()})),
    h("div", {class: "dialog__body stack activity-card quiz"}, h("div", {class: "activity-card__head"}, h("span", {class: "badge badge--soft"}, icon("undo"), t("quiz.practice")), place),
      heading, answer, explanation, outcome),
    h("footer", {class: "dialog__foot"}, next));
  dialog.addEventListener("close", () => dialog.remove());
  answer.addEventListener("reply", async (event) => {
    const own = /** @type {CustomEvent<QuizReply>} */ (event).detail;
    const question = at;
    try {
      done[question] = {own, checked: await send(node, "quiz-check", {quiz, question, ...own})};
    } catch {
      answer.reset();
      return;
    }
    if (question !== at) return;
    draw();
    const {checked} = done[question] ?? {};
    if (checked && !checked.right) announce(t("quiz.say.revealed", {list: checked.areas ? areaWords(checked.areas) : plainMaths(keyWords(practice.questions[question], checked, letter))}));
    next.focus();
  });

  function step() {
    if (at + 1 > practice.questions.length) {
      done.length = at = 0; // once more
    } else at++;
    draw();
    heading.focus();
  }

  function draw() {
    const face = practice.questions[at];
    const over = !face;
    const {own, checked} = done[at] ?? {};
    const right = done.filter((one) => one?.checked.right).length;
    text(place, over ? "" : t("quiz.place", {at: at + 1, of: practice.questions.length}));
    richText(heading, over ? t("quiz.practice.over", {right, of: practice.questions.length}) : typeOf(face) === "gaps" ? t("quiz.gaps") : face.text);
    answer.hidden = over;
    if (!over) answer.view = {name: `practice/${quiz}/${at}`, face, key: checked ?? {correct: null}, own, open: true};
    explanation.hidden = !checked?.explanation;
    richText(/** @type {Element} */ (explanation.lastElementChild), checked?.explanation ?? "");
    outcome.hidden = !checked;
    if (checked) {
      const partly = !checked.right && checked.share > 0;
      outcome.className = `quiz__outcome quiz__outcome--${checked.right || partly ? "good" : "danger"}`;
      setIcon(outcomeIcon, checked.right || partly ? "check" : "close");
      text(outcomeText, checked.right ? t("quiz.right.say") : partly ? t("quiz.partly", {share: Math.round(checked.share * 100)}) : t("quiz.wrong.say"));
    }
    text(next, t(over ? "quiz.practice.again" : !checked ? "quiz.practice.skip" : "quiz.practice.next"));
  }

  document.body.append(dialog);
  dialog.showModal();
  draw();
  heading.focus();
}
