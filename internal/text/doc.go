// Package text reads what people type in a class, in English and Chinese: it
// folds answers so that they can be compared, finds the words of a cloud,
// questions that were asked before, the feeling of comments and their themes.
//
//	Fold       one form for all ways to type the same
//	Words      content words, as they are compared and as they are shown
//	Terms      the same for the recommender: also single characters and numbers
//	Similar    how alike two questions are; [Index] finds the likely duplicates
//	IsQuestion whether something is asked
//	Sentiment  praise or complaint, by lexicon
//	Themes     the key phrases of many comments
//
// Everything is a function of its arguments: nothing here does I/O, reads a
// clock or asks a network, and the same texts give the same results in the
// same order. Of a text longer than [MaxText] only the beginning is read.
// Invalid UTF-8 is read as U+FFFD. The dictionary of Chinese words is loaded
// when the first Chinese text is cut, once; see [WarmUp].
package text
