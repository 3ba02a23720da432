// @ts-check
/** @import {Area, OwnAnswer, Quiz, QuizCurrent, QuizFace, QuizKey, QuizMine, QuizPoint, QuizReply, Standing} from "../client/protocol.js" */
// What a page knows of quizzes by itself: how answers are read from what
// people type, how they compare with the key once it is shown, and in which
// order each member sees the choices. Pure, without a page.

/** @param {QuizFace} face */
export const typeOf = (face) => face.type ?? "choice";

/** Whether an answer says anything. @param {QuizReply | undefined} reply */
export const says = (reply) => Boolean(reply && (reply.choices?.length || reply.text || reply.number !== undefined || reply.texts?.length || reply.point));

/**
 * What the person answered to the present question. At the reveal the server
 * states the result of everybody, with nothing for who did not answer.
 * @param {{quiz: Quiz, answers?: OwnAnswer[], mine?: QuizMine | null}} view
 * @returns {QuizReply | undefined}
 */
export function ownReply({quiz, answers, mine}) {
  if (mine?.quiz === quiz.id && mine.question === quiz.question && says(mine)) return mine;
  return answers?.find((a) => a.quiz === quiz.id && a.question === quiz.question && says(a));
}

/**
 * The order in which a member sees n choices: as they are, or made of the
 * quiz's seed and the member, so that it is the same on all their devices and
 * another for their neighbour.
 * @param {number} n
 * @param {string} name of the question
 * @param {number} [seed] 0 or nothing: as they are
 * @param {string} [user]
 * @returns {number[]}
 */
export function choiceOrder(n, name, seed, user = "") {
  const order = Array.from({length: n}, (_, i) => i);
  if (!seed) return order;
  const keys = order.map((i) => mix(`${i}/${seed}/${name}/${user}`));
  return order.sort((a, b) => keys[a] - keys[b] || a - b);
}

/** A number that differs a lot for texts that differ a little. @param {string} text */
function mix(text) {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b);
  sum = Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35);
  return (sum ^ (sum >>> 16)) >>> 0;
}

/**
 * The number that somebody typed, with a point or a comma, in any width;
 * undefined if it is none.
 * @param {string} typed
 */
export function readNumber(typed) {
  const plain = typed.normalize("NFKC").replace(/[\s\u2009'’]/gu, "").replace("−", "-");
  const number = /^[-+]?(\d+([.,]\d*)?|[.,]\d+)(e[-+]?\d{1,2})?$/i.test(plain) ? Number(plain.replace(",", ".")) : NaN;
  return Number.isFinite(number) && Math.abs(number) <= 1e15 ? number : undefined;
}

/** A number as it is typed. @param {number} number */
export const writeNumber = (number) => String(number);

/**
 * A text with gaps as its pieces: what stands between them, and the numbers
 * of the gaps from 0.
 * @param {string} text
 * @returns {(string | number)[]}
 */
export function gapPieces(text) {
  return text.split(/\[\[(\d{1,2})\]\]/).map((piece, i) => (i % 2 ? Number(piece) - 1 : piece)).filter((piece) => piece !== "");
}

/** A question's text for reading aloud and as a title: a gap is a line. @param {string} text */
export const plainText = (text) => text.replace(/\[\[\d{1,2}\]\]/g, "____");

/** What takes text[from] to text[to], the others moving up. @template T @param {readonly T[]} list @param {number} from @param {number} to */
export function moved(list, from, to) {
  if (to < 0 || to >= list.length) return [...list];
  return list.toSpliced(from, 1).toSpliced(to, 0, list[from]);
}

/**
 * Whether a reply to a question of choices, order or pairs is right in each
 * part, once the key is shown; of typed answers the server alone can say.
 * @param {QuizFace} face
 * @param {QuizKey} key
 * @param {QuizReply} reply
 * @returns {boolean | undefined} undefined: not known here
 */
export function rightReply(face, key, reply) {
  const {choices = []} = reply;
  switch (typeOf(face)) {
    case "choice":
    case "truefalse":
      return key.correct ? choices.length === key.correct.length && key.correct.every((choice) => choices.includes(choice)) : undefined;
    case "order":
      return key.correct ? choices.every((shown, place) => shown === key.correct?.[place]) : undefined;
    case "match":
      return key.pairs ? choices.every((_, left) => rightPair(face, key, choices, left)) : undefined;
    case "hotspot":
      return key.areas && reply.point ? inAreas(key.areas, reply.point) : undefined;
    case "numeric":
      return key.ranges ? key.ranges.some(({min, max}) => reply.number !== undefined && min <= reply.number && reply.number <= max) : undefined;
  }
  return undefined;
}

/** Whether a place is in one of the areas, their edges included. @param {readonly Area[]} areas @param {QuizPoint} point */
export const inAreas = (areas, [x, y]) => {
  const near = (/** @type {number} */ n) => Math.round(n * 1e4); // as the server has them
  return areas.some((area) => near(area.x) <= near(x) && near(x) <= near(area.x + area.w) && near(area.y) <= near(y) && near(y) <= near(area.y + area.h));
};

/** Two rights that read the same are both right. @param {QuizFace} face @param {QuizKey} key @param {readonly number[]} choices @param {number} left */
export const rightPair = (face, key, choices, left) => face.rights?.[choices[left]] === face.rights?.[key.pairs?.[left] ?? -1];

/** The right answer in words. @param {QuizFace} face @param {QuizKey} key @param {(i: number) => string} letter @returns {string} */
export function keyWords(face, key, letter) {
  switch (typeOf(face)) {
    case "order": return (key.correct ?? []).map((shown) => face.choices[shown]).join("; ");
    case "match": return (key.pairs ?? []).map((right, left) => `${face.lefts?.[left]}: ${face.rights?.[right]}`).join("; ");
    case "gaps": return (key.fills ?? []).map(([first]) => first).join("; ");
    case "text": return (key.accept ?? []).join("; ");
    case "numeric": return (key.ranges ?? []).map(rangeWords).join("; ");
  }
  return (key.correct ?? []).map((i) => `${letter(i)}: ${face.choices[i]}`).join("; ");
}

/** @param {{min: number, max: number}} range */
export const rangeWords = ({min, max}) => (min === max ? String(min) : `${min} … ${max}`);

/**
 * When the question ends for this person, 0 for never, and how long it is in all.
 * @param {QuizCurrent} current
 * @param {{deadline?: number} | null | undefined} own
 */
export function timeOf(current, own) {
  const deadline = own?.deadline ? Math.max(0, own.deadline) : current.deadline;
  return {deadline, whole: Math.max(1, deadline - current.asked_at)};
}

/**
 * The milliseconds that are left, 0 when time is over, Infinity without a limit.
 * To who sees the class late, the question has opened as much later.
 * @param {QuizCurrent} current
 * @param {{deadline?: number, behind?: number} | null | undefined} own
 * @param {number} now
 */
export function timeLeft(current, own, now) {
  const {deadline} = timeOf(current, own);
  return deadline === 0 ? Infinity : Math.max(0, deadline - (current.paused_at || now - (own?.behind ?? 0)));
}

/**
 * What is this person's alone in the present question: the newest that is known.
 * @param {Quiz} quiz
 * @param {QuizMine | null | undefined} mine
 * @param {Standing | null | undefined} standing
 */
export function ownPart(quiz, mine, standing) {
  if (mine?.quiz === quiz.id && mine.question === quiz.question) return mine;
  return standing?.quiz === quiz.id ? standing : null;
}
