// @ts-check
/** @import {QuizQuestion} from "../client/protocol.js" */
/** @import {Desk, Use} from "./bank-panel.js" */
/** @import {QuestionForm, QuizForm} from "./quiz-draft.js" */
import * as bank from "../client/bank.js";
import {limits} from "../client/protocol.js";
import {h, icon} from "../elements/dom.js";
import {openMenu} from "../elements/menu.js";
import {announce, toast} from "../elements/toast.js";
import {errorText, t} from "../i18n.js";
import {exportItems, openBank} from "./bank-panel.js";
import {append} from "./bank-rules.js";
import {openImport} from "./import-dialog.js";
import {questionForm, quizData} from "./quiz-draft.js";

/**
 * The quiz editor's door to files and to the question bank.
 * @param {object} options
 * @param {Desk} options.desk
 * @param {QuizForm} options.form
 * @param {string[]} options.sides
 * @param {(focus?: number) => void} options.draw shows the form anew
 * @param {() => boolean} options.sound whether all questions can be sent; shows what is missing
 * @param {(question: QuizQuestion, save: (data: object) => Promise<unknown>) => void} options.edit
 */
export function quizTools({desk, form, sides, draw, sound, edit}) {
  /** @type {Use} */
  const use = {
    label: (n) => (n > 0 ? t("host.bank.use", {n}) : t("host.bank.use.none")),
    add: (questions) => {
      const added = take(form.questions, questions, sides);
      if (added > 0) draw(form.questions.length - added);
      if (added > 0) announce(t("host.bank.used", {n: added}));
      return added > 0;
    },
  };
  const button = (/** @type {string} */ picture, /** @type {string} */ label, /** @type {(node: HTMLElement) => void} */ act) => {
    const node = h("button", {type: "button", class: "btn btn--small btn--quiet"}, icon(picture), label);
    node.addEventListener("click", () => act(node));
    return node;
  };
  return h("div", {class: "cluster quiz-tools", role: "group", aria: {label: t("host.bank.tools")}},
    button("plus", t("host.import.open"), () => openImport({desk, use})),
    button("book", t("host.bank.from"), () => openBank({desk, use, edit})),
    button("history", t("host.bank.keep"), () => {
      if (!sound()) return;
      bank.add(desk.token, quizData(form).questions).then(
        ({added, known}) => toast(t("host.bank.kept", {n: added}) + (known > 0 ? ` ${t("host.bank.known", {n: known})}` : "")),
        (err) => toast(errorText(err), {kind: "danger"}));
    }),
    button("share", t("host.export"), (node) => {
      if (!sound()) return;
      const {title, questions} = quizData(form);
      openMenu(node, exportItems((format) => bank.saveFile(desk.room, desk.token, {title, questions, format})));
    }));
}

/**
 * Puts questions into a quiz that is written, and says so where it holds no more.
 * @param {QuestionForm[]} forms changed in place
 * @param {QuizQuestion[]} questions
 * @param {string[]} sides
 * @returns {number} how many were put in
 */
export function take(forms, questions, sides) {
  const added = append(forms, questions.map((question) => questionForm(question, sides)), limits.questions);
  if (added < questions.length) toast(t("host.bank.toomany", {n: limits.questions}), {kind: "danger", seconds: 8});
  return added;
}
