package text

import "strings"

// titleStops say nothing about the topic of a title by themselves.
var titleStops = set(`a about after all also an and any are as at be been before but by can could did do does for
	from get had has have he her his how i if in into is it its just let ll me more most my new no not
	of on one or our out over own re s she should so some such t than that the their them then
	there these they this those to too up us use using ve very via was we were what when where
	which while who why will with you your
	的 了 和 是 就 都 而 及 与 着 或 一个 没有 我们 你们 他们 她们 它们 我 你 他 她 它 在 这 那 这个 那个
	也 很 到 说 要 去 会 被 让 把 给 从 向 对 于 以 之 其 个 有 不 吗 呢 吧 啊 如何 怎么 怎样 什么 为 为什么 以及 一 上 下 中 来`)

// stops are function words, greetings and fillers: what a cloud of words would
// be full of and says nothing. Chinese ones of one character need no mention.
var stops = set(`a about above across actually after afterwards again against ago ah ain all almost already also although
	always am among an and another any anybody anyone anything anyway are aren around as aside at away
	back be became because been before behind being below beside besides between beyond both but by bye
	can cannot could couldn d did didn do does doesn doing don done dont down during each either else enough
	etc even ever every everybody everyone everything except few first for from further get gets getting got
	had hadn has hasn have haven having he hello her here hers herself hey hi him himself his how however
	i if im in indeed instead into is isn it its itself just keep kind last least less let lets like ll lot
	lots m made make makes many may maybe me might mine more most mostly much must my myself near nearly need
	neither never nevertheless next no nobody none nor not nothing now o of off often oh ok okay on once one
	ones only onto or other others otherwise our ours ourselves out over own per perhaps please pls put quite
	rather re really s same say says see seem seems several shall she should shouldn since so some somebody
	someone something sometimes somewhat soon still such sure t take than thank thanks that thats the their
	theirs them themselves then there therefore these they thing things think this those though through
	thus to together too toward towards u um under until up upon ur us use used using usually ve very via
	want wants was wasn way we well went were weren what whatever when whenever where whether which while who
	whoever whole whom whose why will with within without won would wouldn yeah yes yet you your yours
	yourself yourselves lol haha hahaha
	two three four five six seven eight nine ten today tomorrow yesterday minute minutes hour hours

	一个 一些 一下 一样 一直 一定 一点 一种 一起 一般 一旦 一边 一次 不仅 不但 不同 不如 不是 不会 不要 不能 不过 不管 不论
	之一 之前 之后 之间 也是 也许 于是 什么 什么样 今天 从而 他们 以上 以下 以前 以及 以后 以来 任何 但是 何况 你们 你好
	例如 便是 依然 假如 其中 其他 其它 其实 其余 再说 几个 几乎 凡是 别人 刚才 刚刚 到底 到处 加上 即使 即便 却是 只是 只有
	只要 只能 可以 可是 可能 各个 各位 各种 同时 同样 后来 向着 否则 另外 只好 各自 哈哈 哈哈哈 哪个 哪些 哪儿 哪里 哪怕
	啊啊 嗯嗯 因为 因此 在于 多么 多少 大家 大概 她们 好像 好的 如何 如果 如此 始终 它们 完全 宁可 对于 对方 尤其 就是 就要
	尽管 差不多 已经 并且 并不 并非 应该 应当 当中 当时 当然 很多 怎么 怎么办 怎么样 怎样 总之 总是 想要 我们 或者 或许
	所以 所有 所谓 才能 有些 有人 有时 有的 有点 有没有 本来 来说 来自 某个 某些 根据 正在 此外 此时 每个 每次 比如 比较 没有
	没什么 然后 然而 特别 甚至 由于 由此 的话 目前 直到 看到 着呢 知道 究竟 等等 等于 类似 经过 继续 老是 而且 而是
	自己 自从 至于 至少 若是 虽然 虽说 要不 要是 觉得 认为 讲的 许多 谁知 谢谢 起来 越来越 还是 还有 还要 这个 这么 这些 这样
	这次 这种 这里 这边 进行 连同 通过 那个 那么 那些 那样 那种 那里 那边 都是 里面 鉴于 除了 除非 随着 需要 非常 非但 首先
	真的 真是 今年 时候 东西 事情 地方 同学 同学们 请问 请教 一会 一会儿 出来 出去 过来 过去 下来 上来 不了 的时候`)

func set(list string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		m[w] = true
	}
	return m
}
