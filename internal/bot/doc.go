// Package bot is people made of code. They come in by the same sockets as
// everybody else, know nothing but what the protocol tells them, and are used
// to show a class in full swing.
//
//   - [Client] speaks the protocol of docs/protocol.md: one request has one
//     reply, and what the server says by itself arrives in order.
//   - [Class] is a teacher and any number of students. The teacher sends a
//     picture, runs polls and quizzes and answers questions for as long as the
//     class is held, and stands back while a human host is there. Students
//     chat, ask, vote, answer, react, come and go.
//
// What a student wants is decided by rules without I/O (see mind), in the time
// of the class, which may run faster than the clock ([Pace]). The same seed
// makes the same people: names, languages, skill and taste.
//
// Bots never reach into a server: no store, no room, no shortcut. They never
// send anything that a browser could not send. Measuring is package load's.
package bot
