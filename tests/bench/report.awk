# The figures of orun and its peers as tables and verdicts, in Markdown. Goes with figures.awk.
function times_table(case_, title,    names, n, i, base)
{
	n = split(contestants[case_], names, " ")
	base = has(case_, "floor") ? "floor" : has(case_, "crun") ? "crun" : names[1]
	printf "### %s\n\n", title
	printf "| | wall, ms | processor, ms | wall / %s | processor / %s |\n|---|---:|---:|---:|---:|\n", base, base
	for (i = 1; i <= n; i++)
		printf "| %s | %.2f | %.2f | %.2f | %.2f |\n", names[i],
			whole(case_, names[i], "wall") / 1000, whole(case_, names[i], "cpu") / 1000,
			ratio(case_, names[i], base, "wall"), ratio(case_, names[i], base, "cpu")
	printf "\nMedians of %d runs; ratios are medians of the ratios within each round.\n\n", runs[case_, names[1]]
}

function memory_table(    names, n, i)
{
	n = split(contestants["memory"], names, " ")
	printf "### Peak memory of `create`\n\n| | KiB |\n|---|---:|\n"
	for (i = 1; i <= n; i++)
		printf "| %s | %d |\n", names[i], whole("memory", names[i], "peak")
	printf "\nMedians of %d runs. Never less than the 1.2 MiB of the program that measures: the kernel counts\nits memory until execve.\n\n", runs["memory", names[1]]
}

# The creation around the Nth container, as the median of its neighbours.
function around(who, n, what,    reach, first, last)
{
	reach = n < 10 ? 1 : n < 100 ? 5 : 20
	first = n - reach < 1 ? 1 : n - reach
	last = n + reach
	if (last > runs["many", who]) {
		first -= last - runs["many", who]
		last = runs["many", who]
	}
	return median("many", who, what, first, last)
}

function many_table(    names, n, i, ordinals, m, k)
{
	n = split(contestants["many"], names, " ")
	m = split("1 10 100 1000", ordinals, " ")
	printf "### `create` while the containers before it are running\n\n| wall, ms (processor, ms) |"
	for (k = 1; k <= m && ordinals[k] <= many; k++)
		printf " container %d |", ordinals[k]
	printf "\n|---|"
	for (k = 1; k <= m && ordinals[k] <= many; k++)
		printf "---:|"
	print ""
	for (i = 1; i <= n; i++) {
		printf "| %s |", names[i]
		for (k = 1; k <= m && ordinals[k] <= many; k++)
			printf " %.2f (%.2f) |", around(names[i], ordinals[k], "wall") / 1000,
				around(names[i], ordinals[k], "cpu") / 1000
		print ""
	}
	printf "\nMedians over the neighbours: 2 or 3 around the 1st, 11 around the 10th, 41 beyond.\n\n"
}

function compare(case_, other, limit, title,    what, names, i)
{
	if (!has(case_, "orun") || !has(case_, other))
		return
	split("wall cpu", names, " ")
	for (i = 1; i <= 2; i++)
		verdict(title " / " other ", " (names[i] == "cpu" ? "processor" : "wall"),
			ratio(case_, "orun", other, names[i]), limit)
}

function verdicts()
{
	print "### Budgets (the static build)\n\n```"
	compare("run", "floor", 1.4, "run")
	compare("run", "crun", 0.5, "run")
	compare("run", "runc", 0.25, "run")
	compare("exec", "crun", 0.5, "exec")
	compare("lifecycle", "crun", 0.5, "create + start + kill + delete")
	compare("lifecycle", "runc", 0.2, "create + start + kill + delete")
	if (has("memory", "orun") && has("memory", "crun"))
		verdict("peak memory of create / crun", ratio("memory", "orun", "crun", "peak"), 0.5)
	if (has("many", "orun") && runs["many", "orun"] >= 1000) {
		verdict("1,000th container / 10th, wall", around("orun", 1000, "wall") / around("orun", 10, "wall"), 1.2)
		verdict("1,000th container / 10th, processor", around("orun", 1000, "cpu") / around("orun", 10, "cpu"), 1.2)
	}
	print "```"
}

END {
	for (c in case_of)
		sort_contestants(c, "floor orun orun-dynamic crun runc")
	if ("run" in case_of)
		times_table("run", "`run` of /bin/true, default configuration")
	if ("exec" in case_of)
		times_table("exec", "`exec` of /bin/true in a running container")
	if ("lifecycle" in case_of)
		times_table("lifecycle", "`create`, `start`, `kill`, `delete`, one process each")
	if ("memory" in case_of)
		memory_table()
	if ("many" in case_of)
		many_table()
	verdicts()
}
