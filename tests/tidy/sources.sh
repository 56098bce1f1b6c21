#!/bin/sh
# Prints the C++ files of the repository, one per line: those that git knows or would add. Outside
# of a checkout, as in an export, all but those in `build` and in hidden folders.
cd "$(dirname "$0")/../.." || exit 1
if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
  git ls-files --cached --others --exclude-standard --deduplicate '*.h' '*.cc' |
    while IFS= read -r file; do
      [ ! -e "$file" ] || printf '%s\n' "$file"  # One is known until its removal is staged.
    done
else
  find . \( -name '.?*' -o -name build \) -prune -o \( -name '*.h' -o -name '*.cc' \) -print |
    sed 's,^\./,,' | LC_ALL=C sort
fi
