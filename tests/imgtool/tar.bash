# shellcheck shell=bash
# Tars written header by header, so that names, types and links are what no tool would write.
#
#   begin_tar
#   tar_entry 2 link ../outside
#   tar_entry 0 link/file '' 0644 content
#   end_tar; add_layer "$tar"

# begin_tar: a new one in $tar.
begin_tar()
{
	# shellcheck disable=SC2154 # helpers.bash has it
	tar=$(mktemp "$scratch/hostile.XXXXXX.tar")
}

# pad SIZE TEXT: the text and NULs up to the size, in $padded as a format of printf.
pad()
{
	local text=$2
	[ ${#text} -le "$1" ] || {
		echo "too long for its field: $text" >&2
		return 1
	}
	printf -v padded '%*s' $(($1 - ${#text})) ''
	text=${text//\\/\\\\}
	padded=${text//%/%%}${padded// /\\000}
}

checksum_of()
{
	local LC_ALL=C text=$* i byte
	sum=0
	for ((i = 0; i < ${#text}; i++)); do
		printf -v byte %d "'${text:i:1}"
		sum=$((sum + (byte & 255)))
	done
}

# tar_entry TYPE NAME [LINK] [MODE] [CONTENT] [UID] [GID] [MAJOR] [MINOR]: types are the characters of ustar; numbers but
# the mode are decimal.
tar_entry()
{
	local LC_ALL=C name=$2 link=${3:-} mode=${4:-0644} content=${5:-} numbers devices format='' sum padded field rest
	if [ ${#name} -gt 100 ]; then
		tar_entry L ././@LongLink '' 0 "$name"
		name=${name:0:100}
	fi
	if [ ${#link} -gt 100 ]; then
		tar_entry K ././@LongLink '' 0 "$link"
		link=${link:0:100}
	fi
	printf -v numbers '%07o' "$((8#$mode))"
	printf -v rest '%07o %07o %011o 07346545000' "${6:-0}" "${7:-0}" ${#content}
	printf -v devices '%07o %07o' "${8:-0}" "${9:-0}"
	# 8 blanks stand for the checksum while it is made.
	checksum_of "$name" "$link" "$numbers" "${rest// /}" "$1" "ustar00" "${devices// /}" "        "
	sum=$((sum - 7 * 32)) # the blanks between eight words
	for field in "100:$name" "8:$numbers" "8:${rest:0:7}" "8:${rest:8:7}" "12:${rest:16:11}" "12:${rest:28:11}"; do
		pad "${field%%:*}" "${field#*:}"
		format+=$padded
	done
	printf -v padded '%06o\\000 ' "$sum"
	format+=$padded$1
	for field in "100:$link" 6:ustar 2:00 32: 32: "8:${devices:0:7}" "8:${devices:8:7}" 167:; do
		pad "${field%%:*}" "${field#*:}"
		format+=$padded
	done
	# shellcheck disable=SC2059 # the format is the point
	printf "$format" >>"$tar"
	[ -z "$content" ] || {
		printf %s "$content" >>"$tar"
		truncate -s %512 "$tar"
	}
}

# tar_entries PREFIX COUNT: empty files PREFIX000001 and so on.
tar_entries()
{
	LC_ALL=C awk -v prefix="$1" -v count="$2" '
	function fill(n,  text) {
		for (text = ""; n > 0; n--)
			text = text "\001" # for a NUL, which awks differ about
		return text
	}
	function sum_of(text,  i, sum) {
		for (i = 1; i <= length(text); i++)
			sum += number[substr(text, i, 1)]
		return sum
	}
	BEGIN {
		for (i = 2; i < 128; i++)
			number[sprintf("%c", i)] = i
		middle = "0000644" fill(1) "0000000" fill(1) "0000000" fill(1) "00000000000" fill(1) "07346545000" fill(1)
		rest = fill(94 - length(prefix))
		end = " 0" fill(100) "ustar" fill(1) "00" fill(247)
		fixed = sum_of(middle end prefix) + 7 * 32
		for (i = 1; i <= count; i++) {
			digits = sprintf("%06d", i)
			printf "%s%s%s%s%06o\001%s", prefix, digits, rest, middle, fixed + sum_of(digits), end
		}
	}' | tr '\001' '\0' >>"$tar"
}

# tar_record KEY VALUE: what an extended header (pax) says of the next entry.
tar_record()
{
	local LC_ALL=C record=" $1=$2" rest length
	rest=$((${#record} + 1))
	# The length counts its own digits.
	length=$((rest + ${#rest}))
	length=$((rest + ${#length}))
	tar_entry x pax '' 0644 "$length$record"$'\n'
}

# tar_attribute NAME VALUE: an extended attribute of the next entry.
tar_attribute()
{
	tar_record "SCHILY.xattr.$1" "$2"
}

end_tar()
{
	head -c 1024 /dev/zero >>"$tar"
}
