# Raw numbers of tests/bench/measure to one SVG picture: a panel of bars for each case with the median,
# and a line from the first to the third quartile; for the case `many` a curve over the containers.
BEGIN {
	FS = "\t"
	width = 760
	left = 130
	right = 90
	color["floor"] = "#9aa0a6"
	color["orun"] = "#1a73e8"
	color["orun-dynamic"] = "#8ab4f8"
	color["crun"] = "#e8710a"
	color["runc"] = "#188038"
	title["run"] = "run /bin/true: wall, ms"
	title["exec"] = "exec /bin/true: wall, ms"
	title["lifecycle"] = "create + start + kill + delete: wall, ms"
	title["memory"] = "create: peak memory, MiB"
	title["many"] = "create beside N running containers: wall, ms"
}
{
	sample = $1 == "memory" ? $6 / 1024 : $4 / 1000
	if (!(($1, $2) in count))
		contestants[$1] = contestants[$1] (contestants[$1] == "" ? "" : " ") $2
	value[$1, $2, ++count[$1, $2]] = sample
}

function sorted(case_, who, list,    n, i, j, x)
{
	n = count[case_, who]
	for (i = 1; i <= n; i++) {
		x = value[case_, who, i]
		for (j = i - 1; j >= 1 && list[j] > x; j--)
			list[j + 1] = list[j]
		list[j + 1] = x
	}
	return n
}

function quantile(list, n, q,    at)
{
	at = int(1 + q * (n - 1) + 0.5)
	return list[at]
}

function text(x, y, anchor, what, size)
{
	body = body sprintf("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%d\">%s</text>\n",
		x, y, anchor, size, what)
}

function bars(case_, top,    names, n, i, list, m, largest, y, scale, low, middle, high)
{
	n = split(contestants[case_], names, " ")
	largest = 0
	for (i = 1; i <= n; i++) {
		split("", list)
		m = sorted(case_, names[i], list)
		low[i] = quantile(list, m, 0.25)
		middle[i] = quantile(list, m, 0.5)
		high[i] = quantile(list, m, 0.75)
		if (high[i] > largest)
			largest = high[i]
	}
	scale = largest > 0 ? (width - left - right) / largest : 0
	text(10, top + 16, "start", title[case_], 14)
	for (i = 1; i <= n; i++) {
		y = top + 6 + i * 24
		text(left - 8, y + 12, "end", names[i], 12)
		body = body sprintf("<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"16\" fill=\"%s\"/>\n",
			left, y, middle[i] * scale, color[names[i]])
		body = body sprintf("<path d=\"M%.1f %.1fH%.1f\" stroke=\"#202124\"/>\n",
			left + low[i] * scale, y + 8, left + high[i] * scale)
		text(left + (high[i] > middle[i] ? high[i] : middle[i]) * scale + 6, y + 12, "start",
			sprintf("%.2f", middle[i]), 12)
	}
	return top + 6 + (n + 1) * 24 + 24
}

# A moving median would cost too much here; the mean of each 1/100 of the containers, without its
# slowest tenth, shows the same trend.
function curve_point(who, from, to,    i, n, sum, list, j, x)
{
	n = 0
	for (i = from; i <= to; i++) {
		x = value["many", who, i]
		for (j = n; j >= 1 && list[j] > x; j--)
			list[j + 1] = list[j]
		list[j + 1] = x
		n++
	}
	n -= int(n / 10)
	for (i = 1; i <= n; i++)
		sum += list[i]
	return sum / n
}

function curves(top,    names, n, i, k, total, chunk, points, largest, height, path, x, y)
{
	n = split(contestants["many"], names, " ")
	height = 180
	largest = 0
	for (i = 1; i <= n; i++) {
		total = count["many", names[i]]
		chunk = total > 100 ? total / 100 : 1
		for (k = 0; (k + 1) * chunk <= total + 0.001; k++) {
			points[i, k] = curve_point(names[i], int(k * chunk) + 1, int((k + 1) * chunk))
			if (points[i, k] > largest)
				largest = points[i, k]
		}
		points[i, "n"] = k
	}
	text(10, top + 16, "start", title["many"], 14)
	top += 28
	body = body sprintf("<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#5f6368\"/>\n", left, top, top + height, width - right)
	text(left - 8, top + 10, "end", sprintf("%.1f", largest), 12)
	text(left - 8, top + height, "end", "0", 12)
	text(width - right, top + height + 16, "end", sprintf("N = %d", total), 12)
	for (i = 1; i <= n; i++) {
		path = ""
		for (k = 0; k < points[i, "n"]; k++) {
			x = left + (k + 0.5) / points[i, "n"] * (width - left - right)
			y = top + height - points[i, k] / largest * height
			path = path sprintf("%s%.1f %.1f", k ? "L" : "M", x, y)
		}
		body = body sprintf("<path d=\"%s\" fill=\"none\" stroke-width=\"2\" stroke=\"%s\"/>\n", path, color[names[i]])
		text(width - right + 6, y + 4, "start", names[i], 12)
	}
	return top + height + 36
}

# In the same order everywhere, whoever began the first round.
function sort_contestants(case_,    i, n, all, names)
{
	n = split("floor orun orun-dynamic crun runc", all, " ")
	for (i = 1; i <= n; i++)
		if ((case_, all[i]) in count)
			names = names (names == "" ? "" : " ") all[i]
	contestants[case_] = names
}

END {
	y_end = 10
	for (c in contestants)
		sort_contestants(c)
	m = split("run exec lifecycle memory", shown, " ")
	for (c = 1; c <= m; c++)
		if (shown[c] in contestants)
			y_end = bars(shown[c], y_end)
	if ("many" in contestants)
		y_end = curves(y_end)
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" fill=\"#202124\">\n", width, y_end, width, y_end
	print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
	printf "%s</svg>\n", body
}
