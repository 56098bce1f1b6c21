#!/bin/bash
# Builds and tests one example of examples/plugins outside of the repository, with no more of
# Anabranch than its package installs:
#
#   ANABRANCH_TEST_BUILD=build/release tests/plugins/example.sh highest_bid
#   ... tests/plugins/example.sh new_project      the project that `anabranch plugin new` writes
set -eu
name=$1
work=$(mktemp -d "$ANABRANCH_TEST_BUILD/plugin.XXXXXX")
work=$(cd "$work" && pwd)
trap 'rm -rf "$work"' EXIT

skip() {
  echo "skipped: $*"
  exit 77
}

needs() {
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "no $program here (cmake/packages.sh test, or npm)"
  done
}

cmake --install "$ANABRANCH_TEST_BUILD" --prefix "$work/prefix" >"$work/install.log"
export PATH=$work/prefix/bin:$PATH
[ "$(command -v anabranch)" = "$work/prefix/bin/anabranch" ]

case $name in
  new_project)
    needs make clang wasm-ld
    (cd "$work" && anabranch plugin new new_project)
    ;;
  newest_version)
    needs make npm node
    cp -r "examples/plugins/$name" "$work"
    rm -rf "$work/$name/node_modules"
    (cd "$work/$name" && npm ci --no-audit --no-fund) >"$work/npm.log" 2>&1 || {
      cat "$work/npm.log"
      ! npm ping >/dev/null 2>&1 || exit 1
      skip "npm cannot reach its registry"
    }
    ;;
  *)
    needs make clang wasm-ld
    cp -r "examples/plugins/$name" "$work"
    ;;
esac

cd "$work/$name"
rm -f ./*.wasm
make test PREFIX="$work/prefix" | tee "$work/test.log"
grep -q "cases are as they say" "$work/test.log"
