#!/bin/bash
# Runs all tests: installs what is missing, then configures, builds and tests one tree per preset.
#
#   tests/run.sh                 release (everything) and asan (units, laws, traces)
#   tests/run.sh --long          also tsan, more random cases, no limit of time
#   tests/run.sh release         only these presets
#
# Prints the minutes of each stage, ctest's closing lines, which tests did not run and why, and
# which failed and what they printed; fails if a stage fails, or if all of it takes longer than 85
# minutes. Logs are in build/log.
set -u
cd "$(dirname "$0")/.." || exit 1

readonly minutes_max=85
readonly log_dir=build/log
jobs=$(nproc)

usage() {
  echo "usage: tests/run.sh [--long] [dev|release|asan|tsan]..." >&2
  exit 2
}

long=
presets=()
for argument in "$@"; do
  case $argument in
    --long) long=1 ;;
    dev | release | asan | tsan) presets+=("$argument") ;;
    *) usage ;;
  esac
done
if [ ${#presets[@]} = 0 ]; then
  presets=(release asan)
  [ -z "$long" ] || presets+=(tsan)
fi
[ -z "$long" ] || export ANABRANCH_TEST_LONG=1

failed=()
report=()

minutes() {
  awk -v seconds="$1" 'BEGIN { printf "%5.1f min", seconds / 60 }'
}

child=
trap '[ -z "$child" ] || kill -TERM "$child"; exit 130' INT TERM

# Runs the command as a stage: output to the terminal and to a log, its time to the report. What
# would pass the limit is stopped, with all its children; so is everything on Ctrl-C.
stage() {
  local name=$1 started=$SECONDS left=0 status tee_input tee
  shift
  if [ -z "$long" ]; then
    left=$((minutes_max * 60 - SECONDS))
    [ "$left" -gt 0 ] || left=1
  fi
  echo "== $name"
  exec {tee_input}> >(exec tee "$log_dir/${name// /-}.log")
  tee=$!
  timeout --kill-after=10 "$left" "$@" >&"$tee_input" 2>&1 &
  child=$!
  wait "$child"
  status=$?
  child=
  exec {tee_input}>&-
  wait "$tee"
  report+=("$(printf '%-20s %s' "$name" "$(minutes $((SECONDS - started)))")")
  if [ "$status" != 0 ]; then
    failed+=("$name")
    [ "$status" != 124 ] || echo "$name: stopped after $minutes_max minutes in all" >&2
  fi
  return "$status"
}

# The line that ctest closes with, such as "100% tests passed, 0 tests failed out of 321".
closing_line() {
  local line
  line=$(grep -E '^[0-9]+% tests passed' "$log_dir/$1-test.log" 2>/dev/null | tail -n 1)
  echo "${line:-no test of $1 was run}"
}

# What of the tree was not run, and why.
not_run() {
  [ ! -e "$log_dir/$1-test.log" ] || tests/not_run.sh "$log_dir/$1-configure.log" \
    "$log_dir/$1-test.log" "build/$1/Testing/Temporary/LastTest.log"
}

# The tests of the tree that failed, and what their output says.
failed_tests() {
  [ ! -e "$log_dir/$1-test.log" ] || tests/failed.sh "$log_dir/$1-test.log" \
    "build/$1/Testing/Temporary/LastTest.log"
}

mkdir -p "$log_dir"
rm -f "$log_dir"/*.log
if ! cmake/packages.sh test; then
  failed+=(packages)
else
  cmake/packages.sh browser || echo "the browser tests will be skipped" >&2
  for preset in "${presets[@]}"; do
    stage "$preset configure" cmake --preset "$preset" -DANABRANCH_SANITIZE_ALL="${long:+ON}" &&
      stage "$preset build" cmake --build --preset "$preset" -j "$jobs" &&
      stage "$preset test" ctest --preset "$preset" -j "$jobs"
  done
fi

echo
printf '%s\n' "${report[@]}"
printf '%-20s %s\n' "in all" "$(minutes $SECONDS)"
if [ -z "$long" ] && [ "$SECONDS" -gt $((minutes_max * 60)) ]; then
  failed+=("over $minutes_max minutes")
fi
for name in "${failed[@]}"; do
  echo "FAILED: $name"
done
for preset in "${presets[@]}"; do
  echo "$preset:"
  closing_line "$preset"
  not_run "$preset"
done
for preset in "${presets[@]}"; do
  failed_tests "$preset"
done
[ ${#failed[@]} = 0 ]
