#!/bin/bash
# Installs the node clients of package-lock.json into a folder, with the programs beside them.
# Tests that run at once share it; exits with 77 when npm cannot reach its registry.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
exec 9>lock
flock 9
cp "$here"/*.mjs "$here/package.json" "$here/package-lock.json" .
if ! cmp -s package-lock.json installed.json; then
  npm ci --no-audit --no-fund >npm.log 2>&1 || {
    cat npm.log
    npm ping >/dev/null 2>&1 || exit 77
    exit 1
  }
  cp package-lock.json installed.json
fi
