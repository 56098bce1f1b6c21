#!/bin/bash
# The story can fail: with a leader killed, with a link left paused, and without the hook, it must
# exit non-zero and name the answers that were wrong. (That it holds is a test of its own.)
set -u
story=$(cd "$(dirname "$0")/../.." && pwd)/examples/three_regions.sh
status=0

# breaks SWITCH WORD: the story with the switch fails, and an answer with the word was wrong.
breaks() {
  local output code
  output=$(env "$1" "$story" --once 2>&1)
  code=$?
  if [ $code -ne 1 ] || ! grep -q "did NOT hold" <<<"$output" ||
    ! sed -n '/did NOT hold/,$p' <<<"$output" | grep -q -- "$2"; then
    echo "$1: exit code $code, and this was told:"
    printf '%s\n' "$output" | tail -n 40
    status=1
  else
    echo "$1: the story did not hold, as it must"
  fi
}

breaks ANABRANCH_TEST_STORY_KILL=us "redis-cli"
breaks ANABRANCH_TEST_STORY_LEAVE_PAUSED=eu:us "anabranch status"
breaks ANABRANCH_TEST_STORY_WITHOUT_HOOK=1 "ap> get doc/list"
exit $status
