#!/bin/bash
# Three regions on this machine, and a story about them with real commands and real answers.
#
#   examples/three_regions.sh           tells the story, then stays up until Ctrl-C
#   examples/three_regions.sh --once    tells the story and stops
#
# Works on a fresh Debian 12. eu and us are servers (`anabranch serve`), ap is an application with
# the store inside it (examples/conflict_hook). Missing packages are installed and the programs are
# built first (build/story), unless ANABRANCH_TEST_BUILD names a build tree. Where an `anabranch` of
# the same commit is installed nothing is built: then ap is a server, too, and redis-cli alone is
# needed.
#
# Every answer is compared with the expected one; the exit code is 0 if and only if all were right.
# Each region shows its dashboard on an HTTP port of 127.0.0.1 (6480, 6481, 6482, or free ones); the
# end names the three.
#
# ANABRANCH_TEST_STORY_BREAK breaks a promise, to show that the story can fail:
#   kill      kills us while the links are paused
#   link      leaves the link from eu to us paused
#   put-back  does not put the value back
#   hook      runs ap without its conflict hook
#   policy    sets no policy
#   time      holds us up while its writes are timed
#   data      takes the data of us away while it is down
set -u
root=$(cd "$(dirname "$0")/.." && pwd)

once=
case ${1-} in
  --once) once=1 ;;
  '') ;;
  *) echo "usage: examples/three_regions.sh [--once]" >&2 && exit 2 ;;
esac

is_broken() { [ "${ANABRANCH_TEST_STORY_BREAK-}" = "$1" ]; }

. "$root/cmake/build.sh"
. "$root/examples/story/programs.sh"
. "$root/examples/story/regions.sh"
. "$root/examples/story/telling.sh"
. "$root/examples/story/chapters.sh"

start_regions() {
  local kind="an application with the store inside it"
  start_region eu 7400 6400 6480 start_server
  start_region us 7401 6401 6481 start_server "${listen[eu]}"
  if [ -n "$application" ]; then
    start_region ap 7402 0 6482 start_application "${listen[eu]}" "${listen[us]}"
  else
    start_region ap 7402 6402 6482 start_server "${listen[eu]}" "${listen[us]}"
    kind="a server"
  fi
  echo "Three regions, each with its own process and data. \`anabranch\` is ${server#"$root"/}."
  echo
  echo "  eu  ${listen[eu]}  redis ${redis[eu]}  a server"
  echo "  us  ${listen[us]}  redis ${redis[us]}  a server"
  printf '  ap  %s  %-20s  %s\n' "${listen[ap]}" "${redis[ap]+redis ${redis[ap]}}" "$kind"
}

finish() {
  echo
  if [ ${#failures[@]} -gt 0 ]; then
    echo "The story did NOT hold; ${#failures[@]} answers were wrong:"
    printf '  %s\n' "${failures[@]}"
    exit 1
  fi
  echo "The story held."
  [ -z "$once" ] || exit 0
  echo
  echo "All three are still running (data in $folder). Try it yourself:"
  echo "  redis-cli -p ${redis[eu]##*:}      eu"
  echo "  redis-cli -p ${redis[us]##*:}      us"
  [ -n "$application" ] || echo "  redis-cli -p ${redis[ap]##*:}      ap"
  echo "  ${server#"$root"/} status --redis ${redis[eu]}"
  echo "  ${http[eu]}   the dashboard of eu"
  echo "  ${http[us]}   the dashboard of us"
  echo "  ${http[ap]}   the dashboard of ap"
  trap 'echo; exit 0' INT TERM
  echo "Ctrl-C stops them."
  while sleep 1; do
    for region in eu us ap; do
      kill -0 "${pid[$region]}" 2>/dev/null || { echo "$region has ended" >&2 && exit 1; }
    done
  done
}

choose_programs
make_folder
start_regions
write_anywhere
write_apart
become_equal
put_back
rule_of_one
rule_of_all
write_while_cut
killed_while_writing
finish
