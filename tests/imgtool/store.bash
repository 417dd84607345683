# shellcheck shell=bash disable=SC2154 # helpers.bash assigns some variables
# Overlay bundles and their store. Behind helpers.bash and trees.bash.
#
#   setup()    { new_layout; new_store; }
#   teardown() { drop_store; }
#
# Variables: store its folder; bundles a folder for bundles.

new_store()
{
	[ "$(id -u)" -eq 0 ] || skip "mounting needs root"
	store=$BATS_TEST_TMPDIR/store
	bundles=$BATS_TEST_TMPDIR/bundles
	mkdir "$bundles"
	export IMGTOOL_STORE=$store
}

# Nothing may be mounted after a test; what is, is a bug of it or of the program.
drop_store()
{
	local left

	[ -n "${store:-}" ] || return 0
	if [ -d "$store" ]; then
		imgtool umount --all || true # what stays is found below
	fi
	left=$(grep -F "$BATS_TEST_TMPDIR" /proc/self/mountinfo || true)  # grep finds none
	equals "$left" ""
}

# overlay_bundle NAME [-- PROGRAM…]: of the image v1, in $bundles/NAME.
overlay_bundle()
{
	local name=$1
	shift
	imgtool -q unpack --overlay "oci:$layout:v1" "$bundles/$name" "$@"
}

plain_bundle()
{
	local name=$1
	shift
	imgtool -q unpack "oci:$layout:v1" "$bundles/$name" "$@"
}

# Names of the layers that the store has, and of all that is left of unfinished ones.
stored()
{
	(cd "$store" && find layers* -mindepth 1 -maxdepth 1 | LC_ALL=C sort)
}

leftovers()
{
	stored | grep -v -E '/[0-9a-f]{64}(-on-lower)?$' || true  # grep finds none
}

references()
{
	(cd "$store/bundles" && ls)
}

# A layer of what the commands make in an empty folder, which they get as $1: layer_of 'COMMANDS' [FORM]
layer_of()
{
	local folder
	folder=$(tree)
	(cd "$folder" && bash -euc "$1")
	add_layer "$(tar_of "$folder")" "${2:-gzip}"
}

# layer_without_parents 'COMMANDS': the same, but the tar has entries for files only, as umoci writes it.
layer_without_parents()
{
	local folder file
	folder=$(tree)
	(cd "$folder" && bash -euc "$1")
	file=$(mktemp "$scratch/layer.XXXXXX.tar")
	(cd "$folder" && find . ! -type d -print0 | LC_ALL=C sort -z | sed -z 's,^\./,,' |
		tar --null --no-recursion --numeric-owner --xattrs -T - -cf "$file")
	add_layer "$file" gzip
}

# same_as_plain OVERLAY PLAIN: the root file systems of the two bundles are the same but for counts of links: a merged
# directory has 1, and of a file all the links that the layer has count, hidden or not (overlayfs.rst).
same_as_plain()
{
	diff -u <(tree_list "$bundles/$2/rootfs" | without_links) <(tree_list "$bundles/$1/rootfs" | without_links)
}

without_links()
{
	awk -F '|' -v OFS='|' 'NF > 5 { $5 = "" } { print }'
}
