// Package recommend learns from what people do, one behaviour at a time, and
// says what each of them may want next.
//
//	behaviours → features → candidates → ranking → policy → suggestions
//
// A behaviour is stored first and then changes every model at once: there is
// no training run. Several small models (popularity at several half-lives,
// items that are wanted together, items that are seen together, what follows
// what, what people alike took up, content) stand behind one interface; each
// proposes candidates and writes its columns of features. The blend ranks by a
// linear score whose weights it learns from every outcome, and gives way to a
// single feature where that ranks better. The uptake model predicts how likely
// what is shown is to be taken up. Policy then decides what may be shown:
// nothing that a person has had or dismissed, nothing that has ended, not too
// often, nothing unasked that is unlikely to be wanted, not all alike, and now
// and then something new. Each
// suggestion carries a reason that a person can read, its propensity and its
// experiment arm.
//
// The models are a fold of the stored behaviours in the order of their
// arrival: the same log over the same catalogue gives the same [Engine.Digest].
// Suggesting never changes what was learned.
//
// The package reads no clock and draws no random number of its own: both are
// handed in. It starts no goroutine. It knows persons as pseudonyms only and
// never sees a name or a text that they wrote.
package recommend
