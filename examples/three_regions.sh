#!/bin/bash
# Three regions on this machine, and a story about them with real commands and real answers.
#
#   examples/three_regions.sh           tells the story, then stays up until Ctrl-C
#   examples/three_regions.sh --once    tells the story and stops
#
# Works on a fresh Debian 12: installs missing packages and builds first, unless
# ANABRANCH_TEST_BUILD names a build tree. eu and us are servers (`anabranch serve`), ap is an
# application with the store inside it (examples/conflict_hook). Every answer is compared with the
# expected one; the exit code is 0 if and only if all were right. Each region shows its dashboard on
# an HTTP port of 127.0.0.1 (6480, 6481, 6482, or free ones); the end names the three.
#
# Three switches break the story, to show that it can fail:
#   ANABRANCH_TEST_STORY_KILL=us           kills this server while the links are paused
#   ANABRANCH_TEST_STORY_LEAVE_PAUSED=eu:us  leaves this link paused (or eu:ap, us:ap)
#   ANABRANCH_TEST_STORY_WITHOUT_HOOK=1    runs ap without its conflict hook
set -u
root=$(cd "$(dirname "$0")/.." && pwd)

once=
case ${1-} in
  --once) once=1 ;;
  '') ;;
  *) echo "usage: examples/three_regions.sh [--once]" >&2 && exit 2 ;;
esac

# ---- The programs.

build=${ANABRANCH_TEST_BUILD-}
prepare() {
  [ -z "$build" ] || return 0
  build=$root/build/release
  mkdir -p "$root/build/log"
  "$root/cmake/packages.sh" build || exit 1
  echo "Building (build/log/story.log) ..."
  (
    cd "$root" && cmake --preset release &&
      cmake --build build/release --target anabranch_server example_conflict_hook
  ) >"$root/build/log/story.log" 2>&1 || {
    tail -n 30 "$root/build/log/story.log" >&2
    exit 1
  }
}

anabranch() { "$build/server/anabranch" "$@"; }

# ---- Processes: started here, and stopped here in every case.

folder=$(mktemp -d "${TMPDIR:-/tmp}/anabranch-story-XXXXXX") || exit 1
declare -A pid listen redis http

stop_all() {
  trap - EXIT INT TERM
  local region tries
  { exec 3>&-; } 2>/dev/null # ap ends with its input.
  for region in "${!pid[@]}"; do
    kill -TERM "${pid[$region]}" 2>/dev/null
  done
  for region in "${!pid[@]}"; do
    for ((tries = 0; tries < 100; ++tries)); do
      kill -0 "${pid[$region]}" 2>/dev/null || break
      sleep 0.05
    done
    kill -KILL "${pid[$region]}" 2>/dev/null
    wait "${pid[$region]}" 2>/dev/null
  done
  rm -rf "$folder"
}
trap stop_all EXIT
trap 'exit 1' INT TERM

# Prints the port if it is free, else 0, which selects any free one.
free_port() {
  if (exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then echo 0; else echo "$1"; fi
}

give_up() {
  echo "three_regions.sh: $1 did not start:" >&2
  cat "$folder/$1.log" >&2
  exit 1
}

# Waits until the file $2 of the region $1 has a line that matches the extended expression $3, and
# sets BASH_REMATCH.
wait_for_line() {
  local deadline=$((SECONDS + 20)) line
  while [ $SECONDS -lt $deadline ]; do
    while IFS= read -r line; do
      [[ $line =~ $3 ]] && return 0
    done <"$2"
    kill -0 "${pid[$1]}" 2>/dev/null || break
    sleep 0.02
  done
  give_up "$1"
}

# Starts a server: region, ports for leaders, clients and browsers, addresses of peers.
start_server() {
  local region=$1 leaders clients pages peers=() address
  leaders=$(free_port "$2")
  clients=$(free_port "$3")
  pages=$(free_port "$4")
  shift 4
  for address in "$@"; do peers+=(--peer "$address"); done
  : >"$folder/$region.log"
  "$build/server/anabranch" serve --region "$region" --data "$folder/$region" \
    --listen "tcp://127.0.0.1:$leaders" "${peers[@]}" --redis "127.0.0.1:$clients" \
    --http "127.0.0.1:$pages" >/dev/null 2>"$folder/$region.log" &
  pid[$region]=$!
  wait_for_line "$region" "$folder/$region.log" \
    'listens on ([^ ,]+), redis on ([^ ,]+), http on ([^ ,]+)'
  listen[$region]=${BASH_REMATCH[1]}
  redis[$region]=${BASH_REMATCH[2]}
  http[$region]=${BASH_REMATCH[3]}
}

# Starts the application: its input is file descriptor 3, its answers come from 4.
start_application() {
  local hook=() port
  port=$(free_port 7402)
  [ -z "${ANABRANCH_TEST_STORY_WITHOUT_HOOK-}" ] || hook=(--without-hook)
  hook+=(--http "127.0.0.1:$(free_port 6482)")
  mkfifo "$folder/ap.in" "$folder/ap.out"
  "$build/examples/conflict_hook" "${hook[@]}" ap "$folder/ap" "tcp://127.0.0.1:$port" "$@" \
    <"$folder/ap.in" >"$folder/ap.out" 2>"$folder/ap.log" &
  pid[ap]=$!
  exec 3>"$folder/ap.in" 4<"$folder/ap.out"
  local line
  IFS= read -r -t 20 -u 4 line || give_up ap
  listen[ap]=${line##* }
  IFS= read -r -t 5 -u 4 line || give_up ap
  http[ap]=${line##* }
  IFS= read -r -t 5 -u 4 line
}

# ---- Questions. Each prints the answer of the region.

eu() { redis-cli -p "${redis[eu]##*:}" "$@"; }
us() { redis-cli -p "${redis[us]##*:}" "$@"; }
ap() {
  local line
  kill -0 "${pid[ap]}" 2>/dev/null || { echo "ap has ended" && return 1; }
  echo "$*" >&3
  while IFS= read -r -t 10 -u 4 line && [ -n "$line" ]; do echo "$line"; done
}
at() {
  local region=$1
  shift
  anabranch "$@" --redis "${redis[$region]}"
}

# The state of a server's exchange with a peer: "connected", "not connected" or "paused".
link() {
  at "$1" status | sed 's/,.*//' |
    awk -v peer="$2" '$1 == peer { print $7 ($8 == "" ? "" : " " $8) }'
}
# The number of a server's writes that a peer has not yet acknowledged as applied.
lag() { at "$1" status | awk -v peer="$2" '$1 == peer { print $4 }'; }
both_digests() {
  local one other
  one=$(at eu digest) && other=$(at us digest) && [ "$one" = "$other" ] && echo "equal: $one"
}

# ---- Telling: the command as a person would type it, its answer, and whether it is right.

failures=()
patience=15 # Seconds to wait for an expected answer; after the first failure only one.

typed() {
  local region=$1 words=()
  shift
  case $region in
    eu | us) words=(redis-cli -p "${redis[$region]##*:}" "$@") ;;
    ap) echo "ap> $*" && return ;;
    at) region=$1 && shift && words=(anabranch "$@" --redis "${redis[$region]}") ;;
    both_digests) echo '$ anabranch digest   (of eu and of us)' && return ;;
    link) echo "\$ anabranch status --redis ${redis[$1]}   (state of $2)" && return ;;
    lag) echo "\$ anabranch status --redis ${redis[$1]}   (lag ops of $2)" && return ;;
  esac
  printf '$'
  local word
  for word in "${words[@]}"; do
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

chapter() { printf '\n%s\n\n' "$*"; }

# ---- The story.

write_anywhere() {
  chapter "1. Write anywhere, read everywhere."
  says OK eu SET trip/name "canoe trip"
  comes "canoe trip" us GET trip/name
  comes "canoe trip" ap get trip/name
  says 1 us SADD trip/tags lake
  says inserted ap insert trip/tags river
  comes "lake river" eu SMEMBERS trip/tags
  comes "lake river" us SMEMBERS trip/tags
  comes "lake river" ap elements trip/tags
  says 10 ap add trip/km 10
  comes 10 eu GET trip/km
  says 15 eu INCRBY trip/km 5
  comes 15 us GET trip/km
  comes 15 ap get trip/km
  says ok ap put doc/list tent
  comes tent eu GET doc/list
  comes tent us GET doc/list
}

pause_links() {
  chapter "2. The links fail. Every region is on its own, and goes on."
  says "us paused, *" at eu peer pause us
  says "ap paused, *" at eu peer pause ap
  says "ap paused, *" at us peer pause ap
  says paused link eu us
  says paused link us ap
}

write_apart() {
  chapter "3. All three write the same register, counter and set, with removes."
  says OK eu SET trip/name Danube
  says OK us SET trip/name Mississippi
  says ok ap put trip/name Mekong
  says 115 eu INCRBY trip/km 100
  says -5 us INCRBY trip/km -20
  says 18 ap add trip/km 3
  says 1 eu SREM trip/tags river
  says 0 us SADD trip/tags river
  says erased ap erase trip/tags lake
  says inserted ap insert trip/tags delta
  says OK eu SET doc/list "tent stove"
  says OK us SET doc/list "tent rope"
  says ok ap put doc/list tent map

  chapter "4. So they differ."
  says Danube eu GET trip/name
  says Mississippi us GET trip/name
  says Mekong ap get trip/name
  says 115 eu GET trip/km
  says -5 us GET trip/km
  says 18 ap get trip/km
  says lake eu SMEMBERS trip/tags
  says "lake river" us SMEMBERS trip/tags
  says "delta river" ap elements trip/tags
}

kill_leader() {
  [ -n "${ANABRANCH_TEST_STORY_KILL-}" ] || return 0
  echo "  (ANABRANCH_TEST_STORY_KILL: $ANABRANCH_TEST_STORY_KILL is killed)"
  kill -KILL "${pid[$ANABRANCH_TEST_STORY_KILL]}"
}

# Resumes the exchange of one server with one peer.
resume_link() {
  [ "${ANABRANCH_TEST_STORY_LEAVE_PAUSED-}" != "$1:$2" ] || return 0
  says "$2 resumed" at "$1" peer resume "$2"
}

resume_links() {
  chapter "5. The links are back, and all become equal without asking anybody."
  resume_link eu us
  resume_link eu ap
  resume_link us ap
  comes connected link eu us
  comes connected link eu ap
  comes connected link us ap
  echo "  The register shows the newest write, the counter has every addition,"
  echo "  and the set keeps the river: us added it while eu removed the one it knew."
  local region
  for region in eu us; do
    comes Mekong $region GET trip/name
    comes 98 $region GET trip/km
    comes "delta river" $region SMEMBERS trip/tags
  done
  comes Mekong ap get trip/name
  comes 98 ap get trip/km
  comes "delta river" ap elements trip/tags
  comes "equal: *" both_digests
}

show_conflict() {
  chapter "6. Nothing was lost: what the conflict left behind."
  says '*3 siblings*eu *"Danube" us *"Mississippi" ap *"Mekong"' at eu show trip/name
}

resolve_by_hook() {
  chapter "7. The same conflict, resolved by the application."
  echo "  eu and us have no rule for doc/list: they show the newest write. The application in ap"
  echo "  has a hook for doc/ that merges lists of words; it decides what is shown there only,"
  echo "  and its peers say so."
  comes '*ap *connected, has other resolvers*' at eu status
  comes "tent map" eu GET doc/list
  comes "tent map" us GET doc/list
  comes "eu: tent stove us: tent rope ap: tent map" ap siblings doc/list
  says "map rope stove tent" ap get doc/list
  echo "  One write that has seen all siblings takes their place: the value everywhere from now on."
  says "map rope stove tent" ap settle doc/list
  comes "map rope stove tent" eu GET doc/list
  comes "map rope stove tent" us GET doc/list
  says '*1 value, no conflict*' at eu show doc/list
  comes "equal: *" both_digests
  comes 0 lag eu us
  comes 0 lag eu ap
  says "region *eu *us *connected*" at eu status
}

finish() {
  echo
  if [ ${#failures[@]} -gt 0 ]; then
    echo "The story did NOT hold; ${#failures[@]} answers were wrong:"
    printf '  %s\n' "${failures[@]}"
    exit 1
  fi
  echo "The story held."
  [ -z "$once" ] || exit 0
  echo
  echo "All three are still running (data in $folder). Try it yourself:"
  echo "  redis-cli -p ${redis[eu]##*:}      eu"
  echo "  redis-cli -p ${redis[us]##*:}      us"
  echo "  ${build#"$root"/}/server/anabranch status --redis ${redis[eu]}"
  echo "  ${http[eu]}   the dashboard of eu"
  echo "  ${http[us]}   the dashboard of us"
  echo "  ${http[ap]}   the dashboard of ap"
  echo "Ctrl-C stops them."
  trap 'echo; exit 0' INT TERM
  while sleep 1; do
    for region in eu us ap; do
      kill -0 "${pid[$region]}" 2>/dev/null || { echo "$region has ended" >&2 && exit 1; }
    done
  done
}

prepare
start_server eu 7400 6400 6480
start_server us 7401 6401 6481 "${listen[eu]}"
start_application "${listen[eu]}" "${listen[us]}"
echo "eu  ${listen[eu]}  redis ${redis[eu]}  a server"
echo "us  ${listen[us]}  redis ${redis[us]}  a server"
echo "ap  ${listen[ap]}                         an application with the store inside"

write_anywhere
pause_links
write_apart
kill_leader
resume_links
show_conflict
resolve_by_hook
finish
