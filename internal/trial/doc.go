// Package trial puts the real server through what kills servers: kill -9 at
// any moment, readers that do not read, a full disk, connections that die
// without a word, networks that lose and repeat. Everything is real: the
// binary, its processes, sockets and files.
//
// It has no code of its own, only tests. Their people behave as the browser's
// client does: they come back after a jittered wait with the last number they
// saw, and repeat what was not answered under the same key. Each writes down
// what it was promised and what it heard. Afterwards a checker holds these
// histories against the log, folded by a model that shares no code with the
// server. What it looks for:
//
//	lost      an acknowledged command is not in the log
//	doubled   a command, a view or a point that counts twice
//	order     a later wish of one person before an earlier one, a view out of turn
//	gap       a view that somebody never heard of
//	wrong     a tally, score, ledger, balance or snapshot that the log does not give
//
// Chance comes from a seed, which is printed. LYCEUM_SEED repeats it,
// LYCEUM_CRASHES says how often TestCrash kills the server, LYCEUM_PEOPLE how
// many people it has, and LYCEUM_TRIAL=long makes the other trials as large
// as the figures in docs/benchmarks.md.
package trial
