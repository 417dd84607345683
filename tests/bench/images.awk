# The figures of imgtool and its peers as tables and verdicts, in Markdown. Goes with figures.awk.
function table(case_, title, note,    names, n, i, base)
{
	if (!(case_ in case_of))
		return
	n = split(contestants[case_], names, " ")
	base = has(case_, "umoci") ? "umoci" : "tar"
	printf "### %s\n\n| | wall, s | processor, s | peak memory, MiB |", title
	printf has(case_, base) ? " wall / %s |\n|---|---:|---:|---:|---:|\n" : "\n|---|---:|---:|---:|\n", base
	for (i = 1; i <= n; i++) {
		printf "| %s | %.3f | %s | %s |", names[i], whole(case_, names[i], "wall") / 1e6,
			names[i] == "containerd" ? "–" : sprintf("%.3f", whole(case_, names[i], "cpu") / 1e6),
			names[i] == "containerd" ? "–" : sprintf("%.1f", whole(case_, names[i], "peak") / 1024)
		printf has(case_, base) ? " %.2f |\n" : "\n", ratio(case_, names[i], base, "wall")
	}
	printf "\nMedians of %d runs; ratios are medians of the ratios within each round.%s\n\n",
		runs[case_, names[1]], note
}

function budget(case_, other, limit, title)
{
	if (has(case_, "imgtool") && has(case_, other))
		verdict(title " / " other ", wall", ratio(case_, "imgtool", other, "wall"), limit)
}

function budgets(    c, most)
{
	print "### Budgets\n\n```"
	budget("unpack", "umoci", 0.25, "unpack")
	budget("unpack", "tar", 0.5, "unpack")
	budget("store", "tar", 0.4, "into the layer store")
	for (c in case_of)
		if (whole(c, "imgtool", "peak") > most)
			most = whole(c, "imgtool", "peak")
	verdict("peak memory of any of these, MiB", most / 1024, 64)
	if ("second" in case_of)
		verdict("a second bundle of the same image, ms", whole("second", "imgtool", "wall") / 1000, 20)
	print "```"
}

END {
	for (c in case_of)
		sort_contestants(c, "imgtool umoci tar skopeo containerd")
	table("unpack", "Unpack an image of three gzip layers", has("unpack", "containerd") ? " What the daemon of containerd needs is in its wall time only." : "")
	table("store", "The same into an empty store of layers, and an overlay of them mounted")
	table("second", "A second bundle of it")
	table("files", "10,000 small files")
	table("big", "One file of 2 GiB")
	budgets()
}
