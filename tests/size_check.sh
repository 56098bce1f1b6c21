#!/bin/bash
# Runs size_bench: nothing that one element costs may grow as a collection does. How much it grows
# is for the reader of its table; ratios of a busy machine fail no test.
#
#   tests/size_check.sh PROGRAM    a million elements, ten millions when ANABRANCH_TEST_LONG is set
set -eu
folder=$(mktemp -d "$ANABRANCH_TEST_BUILD/size_check.XXXXXX")
trap 'rm -rf "$folder"' EXIT
large=1000000
[ -z "${ANABRANCH_TEST_LONG-}" ] || large=10000000
"$1" "$folder" --limit 8 1000 "$large"
