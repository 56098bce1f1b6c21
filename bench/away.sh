#!/bin/bash
# Measures the cost of a leader's return after it was away for longer than the other leader's log
# reaches back, with WRITES own writes and as many missed ones (default 1000000). Each FLAG is
# passed to the leaders, such as the flags that keep the log small.
#
#   bench/away.sh [WRITES [FLAG...]]
#
# Uses the build tree named by ANABRANCH_TEST_BUILD, or build/release.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
export ANABRANCH_TEST_BUILD=${ANABRANCH_TEST_BUILD-$root/build/release}
mkdir -p build
folder=$(mktemp -d build/away-XXXXXX)
trap 'rm -rf "$folder"' EXIT
PYTHONPATH=bench python3 -c '
import os, sys, mesh
mesh.measure_away(os.environ["ANABRANCH_TEST_BUILD"], sys.argv[1], int(sys.argv[2]), sys.argv[3:])
' "$folder" "${1-1000000}" "${@:2}"
