#!/bin/bash
# Measures what it costs a leader to come back that was away for longer than the log of the others
# reaches back, with so many own writes and as many missed ones (1000000 when nothing is said).
# FLAGs are for the leaders, such as those that keep the log small.
#
#   bench/away.sh [WRITES [FLAG...]]
#
# Uses the build tree that ANABRANCH_TEST_BUILD names, or build/release.
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
