#!/bin/sh
# Names the C++ files that are not as clang-format would write them, and fails if there are any.
# Repair: clang-format -i FILE.
cd "$(dirname "$0")/../.." || exit 1
complaints=$(tests/tidy/sources.sh | tr '\n' '\0' |
  xargs -0 clang-format --dry-run -Werror 2>&1) && exit 0
echo "$complaints" | grep -aE ': (error|warning)|No such|not found' | cut -d: -f1 | sort -u |
  sed 's/$/: not as clang-format writes it/'
exit 1
