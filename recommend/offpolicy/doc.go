// Package offpolicy estimates what a policy would have brought from the log of
// another, which noted with which probability it did what it did.
//
//	log (context, action, reward, propensity) × target policy ──▶ IPS, SNIPS, DR
//
// A row counts by w, the target's probability of the logged action over the
// logged one. [Estimate] reads a log twice and keeps sums and a table of actions
// by context, whatever the length of the log. Its estimators:
//
//	IPS    mean of w r                        (Horvitz and Thompson 1952)
//	SNIPS  sum of w r over sum of w           (Swaminathan and Joachims, NeurIPS 2015)
//	DR     mean of q(target) + w (r - q)      (Dudík, Langford and Li, ICML 2011)
//
// q is the expected reward of an action, learned from other rows than those that
// it is used for (cross-fitting: Chernozhukov et al. 2018). Intervals are of
// 95 %: of means by their own variance, of SNIPS by the delta method with each
// row's leverage (Owen, Monte Carlo theory, section 9.2; MacKinnon and White
// 1985), by Student's t with as many degrees of freedom as there are rows in
// effect.
//
// A weight beyond the clip counts as the clip: less variance, and a bias towards
// less, which [Result] states by the share of rows and of weight that it took.
//
// It does no I/O of its own, but for files that [ReadLog] is given.
package offpolicy
