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
. "$root/examples/story/client.sh"
. "$root/examples/story/regions.sh"
. "$root/examples/story/telling.sh"
. "$root/examples/story/chapters.sh"
. "$root/examples/story/story.sh"

choose_programs
make_folder
place=${server#"$root"/}
called=$place
tell_story
