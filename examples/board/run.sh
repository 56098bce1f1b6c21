#!/bin/bash
# The board in three regions on this machine, with switches for the links between them.
#
#   examples/board/run.sh            builds, starts all, and prints one address; Ctrl-C ends all
#   examples/board/run.sh DIR        keeps the data in DIR, and finds it there the next time
#
# Works on a fresh Debian 12: installs missing packages and builds first (build/story), unless
# ANABRANCH_TEST_BUILD names a build tree.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
regions=(Frankfurt Virginia Sydney)

case $#:${1-} in
  0: | 1:[!-]*) ;;
  *) echo "usage: examples/board/run.sh [DIR]" >&2 && exit 2 ;;
esac

. "$root/cmake/build.sh"
build=${ANABRANCH_TEST_BUILD-}
prepare() {
  [ -z "$build" ] || return 0
  build=$root/build/story
  "$root/cmake/packages.sh" board || exit 1
  build_targets story "$root/build/log/board.log" 6 example_board example_relay
}

# ---- Processes: started here, and stopped here in every case.

declare -A pid
folder=${1-}
is_ours=
stop_all() {
  trap - EXIT INT TERM
  local each
  for each in "${!pid[@]}"; do kill -TERM "${pid[$each]}" 2>/dev/null; done
  for each in "${!pid[@]}"; do wait "${pid[$each]}" 2>/dev/null; done
  [ -z "$is_ours" ] || rm -rf "$folder"
}

# Sets `free` to the first port from $1 on that nobody has.
free_port() {
  free=$1
  while (exec 9<>"/dev/tcp/127.0.0.1/$free") 2>/dev/null; do free=$((free + 1)); done
}

give_up() {
  echo "run.sh: $1 did not start:" >&2
  cat "$folder/$1.log" >&2
  exit 1
}

# Waits for a line with "ready" of $1, and sets `line` to it.
wait_until_ready() {
  local tries
  for ((tries = 0; tries < 400; ++tries)); do
    line=$(grep -m 1 'ready' "$folder/$1.log") && return 0
    kill -0 "${pid[$1]}" 2>/dev/null || break
    sleep 0.05
  done
  give_up "$1"
}

declare -A http listen
pages=()
choose_ports() {
  local region
  local next_http=8401 next_listen=7401
  for region in "${regions[@]}"; do
    free_port "$next_http" && http[$region]=$free && next_http=$((free + 1))
    free_port "$next_listen" && listen[$region]=$free && next_listen=$((free + 1))
    pages+=(--page "$region=http://127.0.0.1:${http[$region]}")
  done
}

# Each link is a port of the relay that leads to the region named second.
declare -A link
commands=
start_relay() {
  local words=() one other next=7501
  for one in 0 1; do
    for ((other = one + 1; other < 3; ++other)); do
      free_port "$next" && next=$((free + 1))
      link[${regions[$one]}]+=" --peer tcp://127.0.0.1:$free"
      words+=("${regions[$one]}" "${regions[$other]}" "$free" "${listen[${regions[$other]}]}")
    done
  done
  "$build/examples/relay/relay" --commands 0 "${words[@]}" >"$folder/relay.log" 2>&1 &
  pid[relay]=$!
  wait_until_ready relay
  commands=${line##* }
}

start_region() {
  local region=$1
  shift
  : >"$folder/$region.log"
  # shellcheck disable=SC2086  # A list of words.
  "$build/examples/board/board" --region "$region" --data "$folder/$region" \
    --http "127.0.0.1:${http[$region]}" --listen "tcp://127.0.0.1:${listen[$region]}" \
    ${link[$region]-} --relay "$commands" "${pages[@]}" "$@" >>"$folder/$region.log" 2>&1 &
  pid[$region]=$!
}

prepare
if [ -z "$folder" ]; then
  folder=$(mktemp -d "${TMPDIR:-/tmp}/anabranch-board-XXXXXX") || exit 1
  is_ours=1
fi
mkdir -p "$folder" || exit 1
trap stop_all EXIT
trap 'echo; exit 0' INT TERM
choose_ports
start_relay
start_region Virginia
start_region Sydney
start_region Frankfurt --welcome
for region in "${regions[@]}"; do wait_until_ready "$region"; done

echo
echo "Three regions on this machine: each has its own process, its own data, its own page."
echo
echo "    http://127.0.0.1:${http[Frankfurt]}/three"
echo
echo "Try: type in all three. Cut a link, type again at the same place, heal it."
for region in "${regions[@]}"; do
  echo "  $region alone: http://127.0.0.1:${http[$region]}/   (kill -9 ${pid[$region]}: it fails)"
done
echo "Data and logs: $folder.   Ctrl-C ends everything."

# A region that has been killed is started again after a while, as an operator would.
while sleep 1; do
  kill -0 "${pid[relay]}" 2>/dev/null || give_up relay
  for region in "${regions[@]}"; do
    kill -0 "${pid[$region]}" 2>/dev/null && continue
    echo "$region has ended; it is started again in 10 s"
    sleep 10
    start_region "$region"
    wait_until_ready "$region"
  done
done
