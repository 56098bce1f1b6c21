#!/bin/sh
# Prints the tests of a tree that failed, each with the lines of its output that say most: those
# with a seed or an error, below the name of their case, then the last ones. Prints nothing if none
# failed.
#
#   tests/failed.sh TEST_LOG LAST_TEST_LOG
#
# The first is the output of `ctest`, with its list of failed tests. The second is ctest's own log
# (Testing/Temporary/LastTest.log), with the whole output of each of them.
set -eu

telling_max=4
last_max=6

awk '
  /^The following tests FAILED/ { listed = 1; next }
  /^Errors while running/ { listed = 0 }
  !listed || /\((Not Run|Disabled|Skipped)\)$/ { next }
  { sub(/^[ \t]*[0-9]+ - /, ""); sub(/ \([^()]*\)$/, ""); print }
' "$1" | sort -u | while IFS= read -r name; do
  echo "failed: $name"
  awk -v name="$name" -v telling_max="$telling_max" -v last_max="$last_max" '
    / Testing: / { here = substr($0, index($0, " Testing: ") + 10) == name; next }
    !here || /^[[:space:]]*$/ || /^\[doctest\]/ || /^===/ || /^---/ { next }
    /^<end of output>/ || /^Test time/ { here = 0; next }
    /^([0-9]+\/[0-9]+ Test: |Command:|Directory:|Output:|".*" (start|end) time)/ { next }
    { line = "  " substr($0, 1, 200) }
    /^TEST CASE:/ { named = line; next }
    /[Ss]eed|ERROR|[Ee]rror:|FAIL/ && telling < telling_max {
      if (named != "") print named
      named = ""
      print line
      telling++
      next
    }
    { last[++count] = line }
    END {
      if (named != "") print named
      for (i = count > last_max ? count - last_max + 1 : 1; i <= count; i++) print last[i]
    }
  ' "$2"
done
