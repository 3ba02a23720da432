// Package experiment says which way of being served is better, and may be
// looked at after every event.
//
//	assigned ──first served──▶ exposed ──behaviours──▶ outcomes ──window over──▶ counted
//	arm: running ──guardrail, operator──▶ stopped (its people are served as the control)
//	experiment: running ──operator──▶ shipped (everybody is served by one arm)
//
// A person's arm is a hash of their id, salted by the experiment's name, so it
// needs no memory and never changes; what is logged is that they were exposed,
// once. [Trial] is a fold of that log and of what people do: it reads no clock,
// draws no random number and does no I/O, so that a replay gives the same state
// and the same decisions, to the digest.
//
// All tests are always valid: the probability that one ever alarms without
// cause, however often it is looked at, is at most its level. They bet against
// the hypothesis that an arm makes no difference; a bettor's capital cannot
// grow to 1/α with a larger probability than α (Ville 1939; Howard, Ramdas,
// McAuliffe and Sekhon 2021).
//
//   - Shares of people who did something once (bought, clicked, hid, left) are
//     judged by whose doing it was: if arms make no difference, each next buyer is
//     of the arm with the probability by which people came into it, exactly,
//     however rare buying is and whenever people came ([Odds]).
//   - Means (time watched, satisfaction) are judged by a normal mixture over
//     people whose window is over, with the variance as it is known so far and
//     what was known of them before they were exposed taken off ([Mean]).
//   - The shares of arms among the exposed are judged by [Shares].
//   - Two rankers in one list are judged by [Odds] over whose item was
//     clicked first ([Draft]).
package experiment
