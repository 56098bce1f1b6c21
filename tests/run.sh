#!/bin/bash
# Runs the tests: installs what is missing, then configures, builds and tests one tree per preset.
#
#   tests/run.sh                 the tree `release`, which has all tests
#   tests/run.sh --ci            also `asan` (units, laws, traces), as far as 80 minutes allow
#   tests/run.sh --long          release, asan and tsan, more random cases, no limit of time
#   tests/run.sh asan            only these presets: dev, release, asan, tsan
#   tests/run.sh --times         builds release and asan anew, and prints the time that each part of
#                                them takes; with --write also into docs/testing.md and costs.txt
#
# Prints the minutes of each stage, ctest's closing lines, which tests did not run and why, and
# which failed and what they printed; fails if a stage fails, or if all of it takes longer than 85
# minutes. Logs are in build/log.
set -u
cd "$(dirname "$0")/.." || exit 1
began=$(date +%s)

for argument in "$@"; do
  case $argument in
    --ci | --long | --times | --write | dev | release | asan | tsan) ;;
    *)
      echo "usage: tests/run.sh [--ci] [--long] [--times [--write]] [dev|release|asan|tsan]..." >&2
      exit 2
      ;;
  esac
done

mkdir -p build/log
rm -f build/log/*.log build/log/*.last build/log/*.tests
if ! cmake/packages.sh test; then
  echo "FAILED: packages"
  exit 1
fi
exec python3 tests/run/main.py --began "$began" "$@"
