#!/bin/bash
# Runs one of the browser tests of the pages, or those of their modules, which need no browser:
#
#   ANABRANCH_TEST_BUILD=build/release tests/browser/run.sh typing
#   tests/browser/run.sh modules
#
# playwright-core comes from npm, in the version of package-lock.json. The browser is Debian's
# chromium (cmake/packages.sh browser), or the program that CHROMIUM names.
set -eu
name=$1
build=${ANABRANCH_TEST_BUILD:-build/release}
cd "$(dirname "$0")/../.."
build=$(cd "$build" 2>/dev/null && pwd || echo "$build")

skip() {
  echo "skipped: $*"
  exit 77
}

command -v node >/dev/null || skip "no node here (cmake/packages.sh browser)"
[ "$(node -p 'process.versions.node.split(".")[0] >= 18')" = true ] || skip "node is older than 18"
if [ "$name" = modules ]; then
  exec node --test tests/browser/modules/*_test.mjs
fi

CHROMIUM=${CHROMIUM:-$(command -v chromium || true)}
[ -x "$CHROMIUM" ] || skip "no chromium here (cmake/packages.sh browser)"
export CHROMIUM
command -v npm >/dev/null || skip "no npm here (cmake/packages.sh browser)"
case $name in
  dashboard) ;;
  site)
    [ -e "$build/site/html/index.html" ] || skip "no site is made here (cmake/packages.sh docs)"
    ;;
  *)
    [ -x "$build/examples/board/board" ] || skip "examples/board is not built in $build"
    ;;
esac

# Tests run at once share the packages; the first one installs them.
packages=$build/browser_packages
mkdir -p "$packages"
cp tests/browser/package.json tests/browser/package-lock.json "$packages"
(
  flock 9
  cd "$packages"
  if ! cmp -s package-lock.json installed.json; then
    npm ci --no-audit --no-fund >npm.log 2>&1 || {
      cat npm.log
      ! npm ping >/dev/null 2>&1 || exit 1
      exit 77
    }
    cp package-lock.json installed.json
  fi
) 9>"$packages/lock" || { [ $? = 77 ] && skip "npm cannot reach its registry"; exit 1; }

# Modules are found beside the tests alone: a copy of these beside the packages.
work=$(mktemp -d "$packages/run.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp tests/browser/*.mjs "$work"
ANABRANCH_ROOT=$(pwd) ANABRANCH_TEST_BUILD=$build node --test "$work/${name}_test.mjs"
