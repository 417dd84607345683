# Raw numbers of tests/bench/measure, and medians and ratios of them.
# Fields: case, contestant, run, wall µs, processor µs, peak KiB.
BEGIN { FS = "\t" }
{
	case_of[$1] = 1
	if (!(($1, $2) in count)) {
		contestants[$1] = contestants[$1] (contestants[$1] == "" ? "" : " ") $2
	}
	count[$1, $2]++
	runs[$1, $2] = $3 > runs[$1, $2] ? $3 : runs[$1, $2]
	value[$1, $2, $3, "wall"] = $4
	value[$1, $2, $3, "cpu"] = $5
	value[$1, $2, $3, "peak"] = $6
}

function median_of(list, n,    i, j, x)
{
	for (i = 2; i <= n; i++) {
		x = list[i]
		for (j = i - 1; j >= 1 && list[j] > x; j--)
			list[j + 1] = list[j]
		list[j + 1] = x
	}
	return n == 0 ? 0 : n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

function median(case_, who, what, first, last,    i, n, list)
{
	n = 0
	for (i = first; i <= last; i++)
		if ((case_, who, i, what) in value)
			list[++n] = value[case_, who, i, what]
	return median_of(list, n)
}

function whole(case_, who, what)
{
	return median(case_, who, what, 1, runs[case_, who])
}

# The median over rounds of the ratio within a round.
function ratio(case_, who, other, what,    i, n, list)
{
	n = 0
	for (i = 1; i <= runs[case_, who]; i++)
		if (value[case_, other, i, what] > 0)
			list[++n] = value[case_, who, i, what] / value[case_, other, i, what]
	return median_of(list, n)
}

function has(case_, who)
{
	return (case_, who) in count
}

function verdict(what, measured, limit)
{
	printf "%s  %s: %.2f, budget %.2f\n", measured <= limit ? "PASS" : "MISS", what, measured, limit
}

# The contestants of a case in @order, not in that of the first round.
function sort_contestants(case_, order,    i, n, all, sorted)
{
	n = split(order, all, " ")
	for (i = 1; i <= n; i++)
		if (has(case_, all[i]))
			sorted = sorted (sorted == "" ? "" : " ") all[i]
	contestants[case_] = sorted
}
