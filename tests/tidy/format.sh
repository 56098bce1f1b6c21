#!/bin/sh
# Names the C++ files that are not as clang-format would write them, and fails if there are any.
# Repair: clang-format -i FILE.
cd "$(dirname "$0")/../.." || exit 1
folders='include core crdt storage transport rows regions types leader server tests bench examples'
# shellcheck disable=SC2086  # A list of folders.
complaints=$(find $folders \( -name '*.h' -o -name '*.cc' \) -print0 |
  xargs -0 clang-format --dry-run -Werror 2>&1) && exit 0
echo "$complaints" | grep -E ': (error|warning)|No such|not found' | cut -d: -f1 | sort -u |
  sed 's/$/: not as clang-format writes it/'
exit 1
