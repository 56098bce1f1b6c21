#!/bin/bash
# Measures Anabranch beside LMDB alone and Redis, and prints one table; then cost.py prints another,
# of the instructions of each operation. README.md explains the rows of both.
#
#   bench/run.sh            some ten minutes; the machine should be quiet
#   bench/run.sh --smoke    under a minute, to see that everything runs; its figures mean little
#
# Installs missing packages and builds first, unless ANABRANCH_TEST_BUILD names a build tree. Uses
# free ports; the data is in a folder below build/ and is removed, and no process is left running.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

case ${1-} in
  '' | --smoke) ;;
  *) echo "usage: bench/run.sh [--smoke]" >&2 && exit 2 ;;
esac

if [ -z "${ANABRANCH_TEST_BUILD-}" ]; then
  ANABRANCH_TEST_BUILD=$root/build/release
  mkdir -p build/log
  cmake/packages.sh bench
  echo "Building (build/log/bench.log) ..." >&2
  (
    cmake --preset release &&
      cmake --build build/release --target anabranch_server anabranch_bench anabranch_cost
  ) >build/log/bench.log 2>&1 || {
    tail -n 30 build/log/bench.log >&2
    exit 1
  }
fi
export ANABRANCH_TEST_BUILD
[ "${1-}" != --smoke ] || exec python3 bench/table.py --smoke
python3 bench/table.py
exec python3 bench/cost.py
