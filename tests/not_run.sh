#!/bin/sh
# Prints the tests of a tree that did not run, each with the reason; nothing if all did.
#
#   tests/not_run.sh CONFIGURE_LOG TEST_LOG LAST_TEST_LOG
#
# The first two are the output of `cmake`, with the parts that were left out of the tree
# (anabranch_left_out), and of `ctest`, with its list of skipped tests. The third is ctest's own log
# (Testing/Temporary/LastTest.log), with the line `skipped: WHY` of each of them.
set -eu

# One line for each, such as "bench/cost (Skipped)".
unrun=$(awk '
  /^The following tests / { listed = 1 }
  /^Errors while running/ { listed = 0 }
  listed && /\((Skipped|Disabled|Not Run)\)$/ { sub(/^[ \t]*[0-9]+ - /, ""); print }
' "$2" | sort -u)
left_out=$(sed -n 's/^-- left out: //p' "$1")

# The reason of a test in the log, below its name.
reason_of() {
  awk -v name="$1" '
    / Testing: / { here = substr($0, index($0, " Testing: ") + 10) == name }
    here && match($0, /skipped: /) { print ": " substr($0, RSTART + RLENGTH); exit }
  ' "$2"
}

if [ -n "$unrun" ]; then
  echo "$(echo "$unrun" | wc -l) not run:"
  echo "$unrun" | while IFS= read -r line; do
    echo "  $line$(reason_of "${line% (*}" "$3")"
  done
fi
if [ -n "$left_out" ]; then
  echo "$(echo "$left_out" | wc -l) left out of the tree:"
  echo "$left_out" | sed 's/^/  /'
fi
