# Telling: the command as a person would type it, its answer, and whether it is right.
# shellcheck shell=bash disable=SC2154  # Shared with the other parts of the story.

# ---- Questions. Each prints the answer of the region.

eu() { client "${redis[eu]##*:}" "$@"; }
us() { client "${redis[us]##*:}" "$@"; }
ap() {
  if [ -z "$application" ]; then
    client "${redis[ap]##*:}" "$@"
    return
  fi
  local line
  kill -0 "${pid[ap]}" 2>/dev/null || { echo "ap has ended" && return 1; }
  application_words "$@" >&3
  while IFS= read -r -t 10 -u 4 line && [ -n "$line" ]; do echo "$line"; done
}
at() { "$server" "${@:2}" --redis "${redis[$1]}"; }

# The application has words of its own for what redis-cli asks.
declare -A word_of=([GET]=get [SET]=put [INCRBY]=add [SADD]=insert [SREM]=erase [SMEMBERS]=elements)
application_words() { echo "${word_of[$1]:-$1}" "${@:2}"; }

# The state of a server's exchange with a peer: "connected", "not connected" or "paused".
link() {
  at "$1" status | sed 's/,.*//' |
    awk -v peer="$2" '$1 == peer { print $7 ($8 == "" ? "" : " " $8) }'
}

# The digest of all rows, if all servers have the same.
digests() {
  local region all
  all=$(for region in "${!redis[@]}"; do at "$region" digest || echo "$region: no"; done | sort -u)
  [ "$(wc -l <<<"$all")" = 1 ] && echo "equal: $all"
}

# ---- Telling.

failures=()
patience=15 # Seconds to wait for an expected answer; after the first failure only one.
title=
end=
if [ -t 1 ]; then title=$'\e[1m' && end=$'\e[0m'; fi

# chapter TITLE SENTENCE...: each sentence is a line.
chapter() {
  printf '\n%s%s%s\n' "$title" "$1" "$end"
  explain "${@:2}"
  echo
}
explain() { printf '   %s\n' "$@"; }

typed() {
  case $1 in
    eu | us | ap)
      if [ "$1" = ap ] && [ -n "$application" ]; then
        echo "ap> $(application_words "${@:2}")"
      else
        as_words redis-cli -p "${redis[$1]##*:}" "${@:2}"
      fi
      ;;
    at) as_words anabranch "${@:3}" --redis "${redis[$2]}" ;;
    link) echo "\$ anabranch status --redis ${redis[$2]}   (state of $3)" ;;
    digests) echo "\$ anabranch digest   (of each server)" ;;
    *) "$1_typed" "${@:2}" ;;
  esac
}

as_words() {
  local word
  printf '$'
  for word in "$@"; do
    case $word in *' '*) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac
  done
  echo
}

# The answer on one line, for comparison.
flat() { tr '\n' ' ' | sed 's/ *$//'; }

tell() {
  printf '  %s\n' "$(typed "${@:2}")"
  [ -z "$answer" ] || printf '%s\n' "$answer" | sed 's/^/      /'
  if ! is_right "$1"; then
    echo "      WRONG: it should be: $1"
    failures+=("$(typed "${@:2}"): should be \"$1\", is \"$(flat <<<"$answer")\"")
    patience=1
  fi
}

# Whether the answer matches a pattern of the shell.
is_right() {
  # shellcheck disable=SC2053  # A pattern is meant.
  [[ $(flat <<<"$answer") == $1 ]]
}

# says PATTERN COMMAND...: the answer must match at once.
says() {
  answer=$("${@:2}" 2>&1)
  tell "$@"
}

# comes PATTERN COMMAND...: the answer must match before long.
comes() {
  local deadline=$((SECONDS + patience))
  while answer=$("${@:2}" 2>&1); ! is_right "$1" && [ $SECONDS -lt $deadline ]; do sleep 0.02; done
  tell "$@"
}

# comes_everywhere PATTERN COMMAND...: in each region, before long.
comes_everywhere() {
  local region
  for region in eu us ap; do comes "$1" "$region" "${@:2}"; done
}
