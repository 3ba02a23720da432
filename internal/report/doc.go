// Package report tells what came of a class: who was there and for how long,
// what was said, asked, voted and answered, how hard each question of a quiz
// was, and how the class felt about it while it went on.
//
// A report is a fold of a room's log, beside the room and never in its loop:
// [Fold.Apply] takes the events one by one, [Fold.Report] says what they come
// to, and both can go on by turns, so that the report of a class that still
// goes on costs only what has happened since. Memory grows with people, their
// answers and the board, not with messages: a line of time that grows too long
// doubles its step, and of comments a sample is kept that is spread evenly
// over the class. [Desk] keeps the folds of the rooms that are asked for.
//
// What a secret ballot or an anonymous survey holds is never tied to a person,
// nor is who asked anonymously: these do not even count among what somebody
// did. What a quiz has not revealed yet is not in the report either, for a
// moderator may play. Reactions are no events and are in no report.
//
// # Comments
//
// Comments are what viewers write in the chat and on the question board; what
// the staff writes is left out. Each is scored by [text.Sentiment]: words have
// weights in a lexicon of their language, English or Chinese, which negations
// turn round, adverbs make larger or smaller, and "but" shifts. No network is
// asked and nothing is learned. It sees neither irony nor a feeling that has
// no word, so it is a thermometer of a class and not a judgement of anybody.
// Themes are key phrases that several comments share ([text.Themes]).
//
// A log whose oldest records were let go of is reported from where it begins;
// the report says so.
package report
