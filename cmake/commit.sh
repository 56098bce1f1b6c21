#!/bin/sh
# Prints the commit of this source tree: 40 digits, with `+dirty` behind them where tracked files
# have been changed, or `unknown`.
#
#   cmake/commit.sh                 prints it
#   cmake/commit.sh --source FILE   makes FILE a source that defines it, and leaves a FILE that does
#
# ANABRANCH_COMMIT in the environment goes before all else, for a build without the repository, as
# that of an image is. An archive made by `git archive` has its commit in commit.txt. A tree inside
# of the repository of another project is not asked for the commit of that.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)

commit() {
  if [ -n "${ANABRANCH_COMMIT-}" ]; then
    case $ANABRANCH_COMMIT in
      *[!0-9A-Za-z.+~_-]*)
        echo "commit.sh: ANABRANCH_COMMIT has other characters than letters, digits and .+~_-" >&2
        return 1
        ;;
    esac
    echo "$ANABRANCH_COMMIT"
  elif [ -e "$root/.git" ]; then
    commit_of_git || echo unknown
  else
    grep -x '[0-9a-f][0-9a-f]*' "$root/cmake/commit.txt" || echo unknown
  fi
}

# Nothing where git is absent, or does not trust the owner of the tree.
commit_of_git() {
  head=$(git -C "$root" rev-parse --verify --quiet HEAD 2>/dev/null) || return 1
  # Without the lock a build writes nothing into the repository.
  changes=$(git -C "$root" --no-optional-locks status --porcelain --untracked-files=no) || return 1
  echo "$head${changes:++dirty}"
}

source_of() {
  cat <<END
// Made by cmake/commit.sh.
#include "server/commit.h"

namespace anabranch::server {

std::string_view commit() { return "$1"; }

}  // namespace anabranch::server
END
}

case $#:${1-} in
  0:) commit ;;
  2:--source)
    id=$(commit)
    text=$(source_of "$id")
    if [ ! -e "$2" ] || [ "$(cat "$2")" != "$text" ]; then printf '%s\n' "$text" >"$2"; fi
    ;;
  *) echo "usage: cmake/commit.sh [--source FILE]" >&2 && exit 2 ;;
esac
