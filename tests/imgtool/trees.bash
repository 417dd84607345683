# shellcheck shell=bash
# Trees of files made by tools that are not ours, compared name by name.

# tree_list FOLDER: all that a root file system is: type, mode, owner, links, size, target and time of each name; devices,
# extended attributes; content.
tree_list()
(
	cd "$1" || exit
	find . -printf '%p|%y|%m|%U:%G|%n|%l|%T@|' \( -type d -printf '\n' -o -printf '%s\n' \) | LC_ALL=C sort
	find . \( -type b -o -type c \) -exec stat -c '%n %t,%T' {} + | LC_ALL=C sort
	# A paragraph a file, in the order of their names.
	getfattr -Rh -d -m - -e hex . 2>/dev/null | awk -v RS= '{ gsub("\n", " "); print }' | LC_ALL=C sort
	find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
)

# same_trees A B
same_trees()
{
	diff -u <(tree_list "$1") <(tree_list "$2")
}
