// @ts-check
/** @import {RecordedFile, Chapter} from "../client/protocol.js" */
// Where in a recording's files a moment is. Pure: times in milliseconds from
// the recording's beginning.

/** The file of a run that has a moment, or null. @param {RecordedFile[]} files @param {string} set @param {number} at @returns {RecordedFile | null} */
export function fileAt(files, set, at) {
  // Where two overlap by a little, the later one goes on.
  return files.findLast((f) => f.set === set && at >= f.start && at < f.start + f.length) ?? null;
}

/** The first moment from at on at which anything was recorded, or the end. @param {RecordedFile[]} files @param {number} at @param {number} length */
export function nextMoment(files, at, length) {
  if (files.some((f) => at >= f.start && at < f.start + f.length)) return at;
  return Math.min(length, ...files.filter((f) => f.start > at).map((f) => f.start));
}

/** The chapter of a moment: its place in the list, -1 before the first. @param {Chapter[]} chapters @param {number} at */
export function chapterAt(chapters, at) {
  return chapters.findLastIndex((c) => c.at <= at);
}
