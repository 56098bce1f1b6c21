#!/bin/bash
# Measures Anabranch beside LMDB alone and Redis, and prints one table; then cost.py prints another,
# of the instructions of each operation. README.md explains the rows of both.
#
#   bench/run.sh                    about an hour; the machine should be quiet
#   bench/run.sh --peers            also Tarantool (installs Debian's)
#   bench/run.sh --only SECTION     that part of the first table alone; --help lists them
#   bench/run.sh --smoke            small, to see that everything runs; its figures mean little
#
# Installs missing packages and builds first, unless ANABRANCH_TEST_BUILD names a build tree. Uses
# free ports; the data is in folders below build/ and is removed, and no process is left running.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

packages=bench
is_whole=yes
for word; do
  case $word in
    --help | -h) exec env ANABRANCH_TEST_BUILD= python3 bench/measure.py --help ;;
    --peers) packages=peers ;;
    --smoke | --only*) is_whole= ;;
  esac
done

if [ -z "${ANABRANCH_TEST_BUILD-}" ]; then
  ANABRANCH_TEST_BUILD=$root/build/release
  mkdir -p build/log
  cmake/packages.sh "$packages"
  echo "Building (build/log/bench.log) ..." >&2
  (
    cmake --preset release &&
      cmake --build build/release --target anabranch_server anabranch_bench \
        anabranch_text_bench anabranch_cost
  ) >build/log/bench.log 2>&1 || {
    tail -n 30 build/log/bench.log >&2
    exit 1
  }
fi
export ANABRANCH_TEST_BUILD
[ "$is_whole" ] || exec python3 bench/measure.py "$@"
python3 bench/measure.py "$@"
exec python3 bench/cost.py
