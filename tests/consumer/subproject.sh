#!/bin/sh
# The consumer with this repository as a part of its own build, by FetchContent.
#
#   subproject.sh configures    the library alone is a part of it, and compiled in groups of files
#   subproject.sh runs          it is also built and run, which compiles the library once more
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${ANABRANCH_TEST_BUILD:-$root/build/release}/subproject_$1
readonly here root work

fail() {
  echo "subproject.sh: $*" >&2
  exit 1
}

if [ "$1" = runs ] && [ -z "${ANABRANCH_TEST_LONG-}" ]; then
  echo "skipped: it builds the library once more: only with --long"
  exit 77
fi
rm -rf "$work"
cmake -G Ninja -S "$here" -B "$work" -DANABRANCH_SOURCE="$root" \
  -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0
units=$(ninja -C "$work" -t commands consumer | grep -c -- ' -c ')
[ "$units" -lt 100 ] || fail "the library has $units units"
! ninja -C "$work" -t targets all | grep -q '^anabranch_server:' || fail "the server is in it, too"
[ "$1" = runs ] || exit 0
ninja -C "$work" consumer whole http_consumer
"$work/consumer" "$work/data"
"$work/whole" "$work/whole_data"
"$work/http_consumer" "$work/data"
