# The whole story, from the start of the regions on, and the time after it.
# shellcheck shell=bash disable=SC2154  # Shared with the other parts of the story.
#
# Before it are set: `server` and `application` (programs.sh); `place`, where the server is, and
# `called`, its name, for people; `once`, for an end without a stay.

tell_story() {
  drop_settings
  start_regions
  write_anywhere
  write_apart
  become_equal
  put_back
  rule_of_one
  rule_of_all
  write_while_cut
  killed_while_writing
  finish
}

# Settings and passwords of other leaders are none of these.
drop_settings() {
  local name
  for name in "${!ANABRANCH_@}"; do
    [[ $name == ANABRANCH_TEST_* ]] || unset "$name"
  done
  unset NOTIFY_SOCKET REDISCLI_AUTH
}

start_regions() {
  local kind="an application with the store inside it"
  start_region eu 7400 6400 6480 start_server
  start_region us 7401 6401 6481 start_server "${listen[eu]}"
  if [ -n "$application" ]; then
    start_region ap 7402 0 6482 start_application "${listen[eu]}" "${listen[us]}"
  else
    start_region ap 7402 6402 6482 start_server "${listen[eu]}" "${listen[us]}"
    kind="a server"
  fi
  echo "Three regions, each with its own process and data. \`anabranch\` is $place."
  has_redis_cli || echo "redis-cli is not installed: this script asks in its place."
  echo
  echo "  eu  ${listen[eu]}  redis ${redis[eu]}  a server"
  echo "  us  ${listen[us]}  redis ${redis[us]}  a server"
  printf '  ap  %s  %-20s  %s\n' "${listen[ap]}" "${redis[ap]+redis ${redis[ap]}}" "$kind"
}

finish() {
  echo
  if [ ${#failures[@]} -gt 0 ]; then
    echo "The story did NOT hold; ${#failures[@]} answers were wrong:"
    printf '  %s\n' "${failures[@]}"
    exit 1
  fi
  echo "The story held." || exit 1 # The output cannot be written.
  [ -z "$once" ] || exit 0
  say_addresses
  stay
}

say_addresses() {
  echo
  echo "All three are still running (data in $folder). Try it yourself:"
  echo "  redis-cli -p ${redis[eu]##*:}      eu"
  echo "  redis-cli -p ${redis[us]##*:}      us"
  [ -n "$application" ] || echo "  redis-cli -p ${redis[ap]##*:}      ap"
  has_redis_cli || echo "  (on Debian redis-cli is in the package redis-tools)"
  echo "  $called status --redis ${redis[eu]}"
  echo "  ${http[eu]}   the dashboard of eu"
  echo "  ${http[us]}   the dashboard of us"
  echo "  ${http[ap]}   the dashboard of ap"
}

stay() {
  local region
  : >"$folder/told"
  trap 'echo; exit 0' INT TERM
  echo "Ctrl-C stops them."
  while sleep 1; do
    for region in eu us ap; do
      kill -0 "${pid[$region]}" 2>/dev/null || { echo "$region has ended" >&2 && exit 1; }
    done
  done
}
