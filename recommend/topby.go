package recommend

// topBy moves the n items with the highest value to the front of list, in no
// order among themselves, and returns them. Equal values give way to the
// smaller item, so the choice is always the same.
func topBy(list []ref, n int, value func(ref) float32) []ref {
	if len(list) <= n {
		return list
	}
	before := func(a, b ref) bool {
		va, vb := value(a), value(b)
		return va > vb || va == vb && a < b
	}
	low, high := 0, len(list)-1
	for low < high {
		// The middle one of three as the pivot, moved to the end.
		mid := low + (high-low)/2
		if before(list[mid], list[low]) {
			list[mid], list[low] = list[low], list[mid]
		}
		if before(list[high], list[low]) {
			list[high], list[low] = list[low], list[high]
		}
		if before(list[mid], list[high]) {
			list[mid], list[high] = list[high], list[mid]
		}
		pivot, at := list[high], low
		for i := low; i < high; i++ {
			if before(list[i], pivot) {
				list[i], list[at] = list[at], list[i]
				at++
			}
		}
		list[at], list[high] = list[high], list[at]
		switch {
		case at == n || at == n-1:
			return list[:n]
		case at < n:
			low = at + 1
		default:
			high = at - 1
		}
	}
	return list[:n]
}
