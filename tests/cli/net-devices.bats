#!/usr/bin/env bats
# linux.netDevices. Devices are made, and orun runs, in a network namespace of the test's own: the host's
# network is not touched.
# shellcheck disable=SC2016 # the scripts in quotes are expanded in that namespace
load helpers

setup()
{
	make_bundle
	for tool in ip nsenter unshare; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	for kind in dummy ifb none; do
		! unshare -n ip link add type "$kind" 2>/dev/null || break
	done
	[ "$kind" != none ] || skip "this kernel has neither dummy nor ifb network devices"
	export -f orun equals output_has create_container addresses_in seen_in link_of
	export ORUN state bundle id kind BATS_TEST_TMPDIR
}

teardown() { remove_containers; }

# in_network TEXT: a shell script in a network namespace of its own, which begins with one device.
in_network()
{
	run unshare -n bash -euc "
		ip link add dev test0 type $kind
		ip address add 192.0.2.1/24 dev test0
		$1"
	[ "$status" -eq 0 ] || {
		printf 'status %s: %s\n' "$status" "$output" >&2
		return 1
	}
}

# The container's output may stay open longer than the command.
create_container()
{
	timeout 60 bash -c 'orun create "$id"' </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 || {
		cat "$BATS_TEST_TMPDIR/said"
		return 1
	}
}

# seen_in IP-ARGUMENT…: in the container's network namespace.
seen_in()
{
	nsenter --net="/proc/$(orun state "$id" | jq .pid)/ns/net" ip "$@"
}

addresses_in()
{
	seen_in -j address show dev "$1" | jq -r '[.[0].addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)"] | sort | join(" ")'
}

link_of()
{
	ip -j link show dev "$1" | jq -r '.[0] | "\(.address) \(.mtu) \([.flags[] | select(. == "UP")] | join(""))"'
}

@test "netDevices: a device moves with its addresses, and is up" {
	configure '.linux.netDevices = {test0: {}}'
	in_network '
		ip address add 2001:db8::1/64 dev test0
		create_container
		! ip link show dev test0 2>/dev/null
		equals "$(addresses_in test0)" "192.0.2.1/24 2001:db8::1/64"
		seen_in -j link show dev test0 | jq -e ".[0].flags | index(\"UP\")" >/dev/null
		seen_in -j route | jq -e "map(select(.dst == \"192.0.2.0/24\")) | length == 1" >/dev/null'
}

@test "netDevices: only permanent addresses of global scope are kept" {
	configure '.linux.netDevices = {test0: {}}'
	in_network '
		ip address add 192.0.2.9/32 scope link dev test0
		ip address add 198.51.100.1/24 valid_lft 1000 preferred_lft 1000 dev test0
		ip -6 address add 2001:db8::9/64 valid_lft 1000 preferred_lft 1000 dev test0
		ip address add 203.0.113.1 peer 203.0.113.2/32 metric 77 dev test0
		ip -6 address add 2001:db8:1::1/64 nodad noprefixroute dev test0
		ip link set test0 up
		create_container
		equals "$(addresses_in test0)" "192.0.2.1/24 2001:db8:1::1/64 203.0.113.1/32"
		peer=$(seen_in -j address show dev test0 | jq -c ".[0].addr_info[] | select(.local == \"203.0.113.1\") | [.address, .metric]")
		equals "$peer" "[\"203.0.113.2\",77]"
		seen_in -j address show dev test0 | jq -e ".[0].addr_info[] | select(.local == \"2001:db8:1::1\") | .noprefixroute and .nodad" >/dev/null'
}

@test "netDevices: hundreds of addresses are kept, in their order" {
	configure '.linux.netDevices = {test0: {}}'
	in_network '
		for i in $(seq 2 251) ; do
			echo "address add 192.0.2.$i/24 dev test0"
			echo "address add 2001:db8::$i/64 dev test0"
		done >"$BATS_TEST_TMPDIR/addresses"
		ip -batch "$BATS_TEST_TMPDIR/addresses"
		before=$(ip -4 -j address show dev test0 | jq -c "[.[0].addr_info[].local]")
		create_container
		equals "$(seen_in -4 -j address show dev test0 | jq -c "[.[0].addr_info[].local]")" "$before"
		equals "$(addresses_in test0 | wc -w)" 501'
}

@test "netDevices: hardware address, MTU and alternative names are kept" {
	configure '.linux.netDevices = {veth0: {name: "inside"}}'
	in_network '
		ip link add dev veth0 type veth peer name veth1
		ip link set veth0 address 02:00:00:00:00:42 mtu 1234
		ip link property add dev veth0 altname another
		create_container
		equals "$(seen_in -j link show dev another | jq -r ".[0] | \"\(.ifname) \(.address) \(.mtu)\"")" "inside 02:00:00:00:00:42 1234"'
}

@test "netDevices: a device gets a new name" {
	configure '.linux.netDevices = {test0: {name: "container_eth0"}}'
	in_network '
		ip link set test0 up
		create_container
		equals "$(seen_in -j link | jq -c "map(.ifname)")" "[\"lo\",\"container_eth0\"]"
		equals "$(addresses_in container_eth0)" 192.0.2.1/24'
}

@test "netDevices: a template gets the first number that is free" {
	configure '.linux.netDevices = {test0: {name: "eth%d"}, test1: {name: "eth%d"}}'
	in_network '
		ip link add dev test1 type $kind
		ip address add 198.51.100.1/24 dev test1
		create_container
		equals "$(seen_in -j link | jq -c "map(.ifname)")" "[\"lo\",\"eth0\",\"eth1\"]"
		equals "$(addresses_in eth0) $(addresses_in eth1)" "192.0.2.1/24 198.51.100.1/24"'
}

@test "netDevices: a name of the runtime's namespace may be taken in the container's" {
	configure '.linux.netDevices = {test0: {name: "other"}, other: {name: "test0"}}'
	in_network '
		ip link add dev other type $kind
		create_container
		equals "$(addresses_in other)$(addresses_in test0)" 192.0.2.1/24'
}

@test "netDevices: what init sees is there before its hooks" {
	ln -s busybox "$bundle/rootfs/bin/ip"
	configure '.linux.netDevices = {test0: {}}
		| .hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", "ip -o address show dev test0 >'"$BATS_TEST_TMPDIR"'/hook"]}]'
	script 'ip address show dev test0 | grep -c 192.0.2.1'
	in_network 'equals "$(orun run "$id")" 1; grep -q 192.0.2.1 "$BATS_TEST_TMPDIR/hook"'
}

@test "netDevices: in a user namespace" {
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	configure '.linux.netDevices = {test0: {name: "eth0"}}
		| .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
	in_network 'create_container; equals "$(addresses_in eth0)" 192.0.2.1/24'
}

# The rest of the script is run in another namespace, with the path of the first.
joined='
	ip link set test0 up
	unshare -n sleep 60 &
	there=$!
	until [ "$(readlink /proc/$there/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
	trap "kill $there" EXIT
	jq --arg path "/proc/$there/ns/net" "(.linux.namespaces[] | select(.type == \"network\")).path = \$path" <"$bundle/config.json" >"$bundle/new"
	mv "$bundle/new" "$bundle/config.json"
'

@test "netDevices: into a network namespace that is joined" {
	configure '.linux.netDevices = {test0: {name: "eth%d"}}'
	in_network "$joined"'
		nsenter --net="/proc/$there/ns/net" ip link add dev eth0 type $kind
		create_container
		equals "$(addresses_in eth1)" 192.0.2.1/24'
}

@test "netDevices: a name that is taken in the container's namespace is an error, and the device stays" {
	configure '.linux.netDevices = {test0: {name: "eth0"}}'
	in_network "$joined"'
		nsenter --net="/proc/$there/ns/net" ip link add dev eth0 type $kind
		before=$(link_of test0)
		! create_container
		output=$(cat "$BATS_TEST_TMPDIR/said")
		output_has "linux.netDevices.test0: a device '\''eth0'\'' exists in the container'\''s network namespace"
		equals "$(link_of test0)" "$before"
		ip address show dev test0 | grep -q 192.0.2.1/24'
	nothing_left
}

@test "netDevices: a network namespace that is the runtime's own is refused" {
	configure '.linux.netDevices = {test0: {name: "eth0"}}'
	in_network '
		jq --arg path "/proc/$$/ns/net" "(.linux.namespaces[] | select(.type == \"network\")).path = \$path" <"$bundle/config.json" >"$bundle/new"
		mv "$bundle/new" "$bundle/config.json"
		! create_container
		output=$(cat "$BATS_TEST_TMPDIR/said")
		output_has "linux.netDevices: the container'\''s network namespace is the runtime'\''s own"'
	nothing_left
}

@test "netDevices: without a network namespace of its own a container can have none" {
	configure '.linux.netDevices = {test0: {}}'
	without_namespace network
	create_fails linux.netDevices "needs an entry of type network"
}

@test "netDevices: a device that is not there is an error that names it" {
	configure '.linux.netDevices = {absent0: {}}'
	in_network '
		! create_container
		output=$(cat "$BATS_TEST_TMPDIR/said")
		output_has "network devices: linux.netDevices.absent0: "
		output_has "no such device"'
	nothing_left
}

@test "netDevices: a device that cannot leave its namespace is an error" {
	configure '.linux.netDevices = {lo: {name: "lo1"}}'
	in_network '
		! create_container
		output=$(cat "$BATS_TEST_TMPDIR/said")
		output_has "linux.netDevices.lo: change the network namespace"
		ip link show dev lo'
	nothing_left
}

@test "netDevices: a create that fails returns the devices as they were" {
	local fault
	fault=$(dirname "$ORUN")/orun-fault
	[ -x "$fault" ] || skip "there is no $fault; make orun-fault"
	export fault
	configure '.linux.netDevices = {test0: {name: "eth0"}, test1: {name: "eth%d"}}'
	in_network '
		ip link add dev test1 type $kind
		ip link set test0 up
		ip address add 2001:db8::1/64 dev test0
		before="$(link_of test0) $(link_of test1)"
		ORUN=$fault
		for step in fail:create:go "fail:init:mounts" "fail:create:release"; do
			export ORUN_FAULT=$step
			! create_container
			equals "$(link_of test0) $(link_of test1)" "$before"
			equals "$(ip -j address show dev test0 | jq -c "[.[0].addr_info[] | select(.scope == \"global\").local]")" "[\"192.0.2.1\",\"2001:db8::1\"]"
			equals "$(ip -j link | jq -c "map(.ifname)")" "[\"lo\",\"test0\",\"test1\"]"
		done'
	nothing_left
}

@test "netDevices: the second of two that fails takes the first back" {
	configure '.linux.netDevices = {test0: {}, absent0: {}}'
	in_network '
		! create_container
		ip address show dev test0 | grep -q 192.0.2.1/24'
	nothing_left
}

@test "netDevices: a virtual device goes with its container" {
	configure '.linux.netDevices = {veth1: {name: "eth0"}}'
	in_network '
		ip link add dev veth0 type veth peer name veth1
		ip link set veth0 up
		create_container
		seen_in link show dev eth0 >/dev/null
		orun delete --force "$id"
		for try in $(seq 100); do
			ip link show dev veth0 >/dev/null 2>&1 || exit 0
			sleep 0.05
		done
		exit 1'
}

@test "netDevices: names that no device can have are refused" {
	local name
	for name in a/b a:b 0123456789abcdef %s eth%d%d eth%; do
		configure --arg name "$name" '.linux.netDevices = {test0: {name: $name}}'
		create_fails linux.netDevices.test0.name "is not a network interface name"
	done
	configure '.linux.netDevices = {test0: {name: "x"}, test1: {name: "x"}}'
	create_fails linux.netDevices.test1.name "is the name of another device"
	configure '.linux.netDevices = {test0: {}, test1: {name: "test0"}}'
	create_fails linux.netDevices.test1.name "is the name of another device"
}
