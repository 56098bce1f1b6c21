#!/bin/bash
# The story can fail: with each of its promises broken it must exit with 1, and name the answers
# that were wrong. (That it holds is a test of its own.)
set -u
story=$(cd "$(dirname "$0")/../.." && pwd)/examples/three_regions.sh
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
status=0

# breaks PROMISE WORDS: without it the story fails, and an answer with these words was wrong.
breaks() {
  local output=$folder/$1
  ANABRANCH_TEST_STORY_BREAK=$1 "$story" --once >"$output" 2>&1
  local code=$?
  if [ $code -ne 1 ] || ! sed -n '/did NOT hold/,$p' "$output" | grep -q -- "$2"; then
    echo "$1: exit code $code, and this was told:"
    tail -n 40 "$output"
    return 1
  fi
  echo "$1: the story did not hold, as it must"
}

breaks kill "Could not connect" &
breaks link "anabranch status" &
breaks put-back "GET trip/name: should be \"Danube\", is \"Mekong\"" &
breaks hook "ap> get doc/list" &
for job in $(jobs -p); do wait "$job" || status=1; done
breaks policy "GET offer/canoe: should be \"120\", is \"100\"" &
breaks data "GET trip/steps" &
for job in $(jobs -p); do wait "$job" || status=1; done
breaks time "slower" || status=1 # By itself, since it measures.
exit $status
