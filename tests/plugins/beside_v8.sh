#!/bin/bash
# Runs wabt beside V8, the engine of node: values, verdicts and fuel of some thousand calls must be
# equal, of 100,000 when ANABRANCH_TEST_LONG is set. With clang the examples are among the modules.
set -eu
command -v node >/dev/null || { echo "skipped: no node here (cmake/packages.sh test)" && exit 77; }
program=$1
folder=$(dirname "$0")
work=$(mktemp -d "$ANABRANCH_TEST_BUILD/beside_v8.XXXXXX")
trap 'rm -rf "$work"' EXIT
calls=6000
[ -z "${ANABRANCH_TEST_LONG-}" ] || calls=100000

modules=()
if command -v clang >/dev/null && command -v wasm-ld >/dev/null; then
  for source in examples/plugins/*/*.c; do
    modules+=("$work/$(basename "$source" .c).wasm")
    clang --target=wasm32 -mcpu=mvp -O2 -nostdlib -Iinclude -o "${modules[-1]}" "$source" \
      -Wl,--no-entry,--stack-first,-z,stack-size=32768,--strip-all
  done
fi
"$program" "$work/calls" "$calls" "${modules[@]}"
# Calls of wasm1 may be deeper than V8 allows by itself.
ulimit -s 524288 2>/dev/null || ulimit -s "$(ulimit -Hs)"
node --stack-size=200000 --expose-gc "$folder/beside_v8.js" "$work/calls"
