# The story: each chapter is a promise, then commands and their answers.
# shellcheck shell=bash disable=SC2034,SC2154  # Shared with the other parts of the story.

# The answers of a server, and of the application.
done_='@(OK|ok)' added='@(1|inserted)' removed='@(1|erased)'

write_anywhere() {
  chapter "1. Write anywhere, read everywhere." \
    "A region answers a write when its own disk has it; the others get it a moment later."
  says OK eu SET trip/name "canoe trip"
  comes "canoe trip" us GET trip/name
  comes "canoe trip" ap GET trip/name
  says 1 us SADD trip/tags lake
  says "$added" ap SADD trip/tags river
  comes "lake river" eu SMEMBERS trip/tags
  says 10 ap INCRBY trip/km 10
  comes 10 eu GET trip/km
  says 15 eu INCRBY trip/km 5
  comes 15 us GET trip/km
}

# ---- Links.

pause_link() {
  if [ "$1" = ap ] && [ -n "$application" ]; then
    says paused ap pause "$2"
  else
    says "$2 paused, *" at "$1" peer pause "$2"
  fi
}

resume_link() {
  if is_broken link && [ "$1:$2" = eu:us ]; then return; fi
  if [ "$1" = ap ] && [ -n "$application" ]; then
    says resumed ap resume "$2"
  else
    says "$2 resumed" at "$1" peer resume "$2"
  fi
}

pause_links() {
  pause_link eu us
  pause_link eu ap
  pause_link ap us
  says paused link eu us
}

resume_links() {
  resume_link eu us
  resume_link eu ap
  resume_link ap us
  comes connected link eu us
  comes connected link eu ap
  comes connected link us ap
}

# ---- A conflict.

write_apart() {
  chapter "2. The links between the regions fail." \
    "Each region is on its own now, and goes on."
  pause_links

  chapter "3. All three write the same keys." \
    "A name, a counter, a set with removals, an offer: no region waits for another one."
  says OK eu SET trip/name Danube
  says OK us SET trip/name Mississippi
  says "$done_" ap SET trip/name Mekong
  says 115 eu INCRBY trip/km 100
  says -5 us INCRBY trip/km -20
  says 18 ap INCRBY trip/km 3
  says 1 eu SREM trip/tags river
  says 0 us SADD trip/tags river
  says "$removed" ap SREM trip/tags lake
  says "$added" ap SADD trip/tags delta
  says OK eu SET offer/canoe 120
  says OK us SET offer/canoe 90
  says "$done_" ap SET offer/canoe 100
  if [ -n "$application" ]; then
    says OK eu SET doc/list "tent stove"
    says OK us SET doc/list "tent rope"
    says ok ap SET doc/list "tent map"
  fi
  if is_broken kill; then kill_region us; fi
}

become_equal() {
  chapter "4. The links are back, and all become equal without asking anybody." \
    "The name shows the newest write. The counter has every addition. The set keeps the river:" \
    "us added it while eu removed the one that it knew."
  resume_links
  comes_everywhere Mekong GET trip/name
  comes_everywhere 98 GET trip/km
  comes_everywhere "delta river" SMEMBERS trip/tags
  comes "equal: *" digests
}

put_back() {
  local loser
  chapter "5. Nothing is lost." \
    "A value that lost is kept beside the one that is shown, and in a list in every region." \
    "It can be put back."
  says '*3 siblings*eu *"Danube" us *"Mississippi" ap *"Mekong"' at eu show trip/name
  says '*"Danube" *eu *"Mekong"*"Mississippi" *us *"Mekong"*' \
    at us conflicts list --prefix trip/name
  loser=$(awk '/"Danube"/ { print $1 }' <<<"$answer")
  is_broken put-back || says "*is written again*" at us conflicts put-back "${loser:-none}"
  comes_everywhere Danube GET trip/name
  says '*1 value, no conflict*' at us show trip/name
}

# ---- Rules.

rule_of_one() {
  if [ -z "$application" ]; then
    chapter "6. (A rule of an application's own: left out.)" \
      "It needs an application with the store inside it, and nothing is compiled now:" \
      "examples/conflict_hook."
    return
  fi
  chapter "6. A rule of an application's own." \
    "eu and us show the newest packing list. The application in ap has a function for doc/ that" \
    "merges lists of words. It decides for ap alone, and the others warn of it."
  comes_everywhere_but_ap "tent map" GET doc/list
  says "map rope stove tent" ap GET doc/list
  comes "*ap *has other resolvers*" resolvers eu
  explain "One write that has seen them all takes their place, everywhere and from now on."
  says "map rope stove tent" ap settle doc/list
  comes_everywhere_but_ap "map rope stove tent" GET doc/list
}

comes_everywhere_but_ap() {
  comes "$1" eu "${@:2}"
  comes "$1" us "${@:2}"
}

resolvers() { at "$1" status | grep resolvers; }
resolvers_typed() { echo "\$ anabranch status --redis ${redis[$1]} | grep resolvers"; }

rule_of_all() {
  chapter "7. A rule that all regions share." \
    "Code holds where it runs. A policy is data: set once, in any region, it travels with the" \
    "writes, and decides the same in all of them, about earlier conflicts, too. Of three offers:"
  comes_everywhere 100 GET offer/canoe
  is_broken policy || says '*is set' at us policy set max offer/
  comes_everywhere 120 GET offer/canoe
  comes '*"offer/" *max *set *yes*' at eu policy list
}

# ---- Failures.

readonly timed_writes=200

# Prints the microseconds of a write, of many by one client.
time_of_write() {
  local begin=${EPOCHREALTIME/[.,]/}
  "$1" -r $timed_writes SET trip/log "a line" >"$folder/timed" 2>&1
  local end=${EPOCHREALTIME/[.,]/}
  [ "$(grep -c '^OK$' "$folder/timed")" = $timed_writes ] || { cat "$folder/timed" && return 1; }
  echo $(((end - begin) / timed_writes))
}

# Compares the time of a write with an earlier one, $2. The margin, a fifth of the way over an ocean
# and back, is for a disk that others use, too; to wait for a region that is cut off takes for ever.
timed() {
  local now
  now=$(time_of_write "$1") || { echo "$now" && return 1; }
  printf '%d.%03d ms for a write' $((now / 1000)) $((now % 1000))
  if [ $# = 1 ]; then echo; return; fi
  if [ "$now" -le $((5 * $2 + 20000)) ]; then echo ": as quick as before"; else echo ": slower"; fi
}
timed_typed() {
  as_words redis-cli -p "${redis[$1]##*:}" -r $timed_writes SET trip/log "a line" |
    sed 's/$/   (timed)/'
}

write_while_cut() {
  chapter "8. The links fail again: a write takes as long as before." \
    "No region waits for another one, so a write costs the same with the ocean down."
  local before
  says '* ms for a write' timed us
  before=$(microseconds "$answer")
  pause_links
  if is_broken time; then hold_up us $((10 * before * timed_writes / 1000000 + 6)); fi
  says '* ms for a write: as quick as before' timed us "$before"
}

# Of "1.234 ms for a write".
microseconds() {
  if [[ $1 =~ ^([0-9]+)\.([0-9]{3})' ms' ]]; then
    echo $((1000 * BASH_REMATCH[1] + 10#${BASH_REMATCH[2]}))
  else
    echo 0
  fi
}

# Stops a region for some seconds, and lets it go on.
hold_up() {
  kill -STOP "${pid[$1]}"
  (sleep "$2" && kill -CONT "${pid[$1]}") &
}

killed_while_writing() {
  local known
  chapter "9. us is killed while it writes, and has all that it had answered." \
    "Its links are down: no other region could give it back. kill -9 leaves no time to save." \
    "Each answer below was an addition; one more may have been on its way."
  kill_under_load us
  printf '      %s answers, then: %s\n' "$known" "$(tail -n 1 "$folder/load.err")"
  if is_broken data; then rm -rf "$folder/us"; fi
  restart_region us
  echo "  \$ anabranch serve --region us ...   (started again, with the same data)"
  says "@($known|$((known + 1)))" us GET trip/steps
  explain "The links return, and so does what the others had missed."
  known=$answer
  resume_links
  comes_everywhere "$known" GET trip/steps
  comes "equal: *" digests
}

# Kills a region while a client adds to a counter; `known` is the number of its answers.
kill_under_load() {
  echo "  \$ redis-cli -p ${redis[$1]##*:} -r -1 INCR trip/steps"
  "$1" -r -1 INCR trip/steps >"$folder/load" 2>"$folder/load.err" &
  pid[client]=$!
  local deadline=$((SECONDS + patience)) steps=0
  while [ "$steps" -lt 500 ] && [ $SECONDS -lt $deadline ]; do
    steps=$("$1" GET trip/steps 2>/dev/null)
    steps=${steps:-0}
  done
  echo "  \$ kill -9 ${pid[$1]}   (us)"
  kill_region "$1"
  wait "${pid[client]}"
  unset 'pid[client]'
  known=$(grep -c '^[0-9][0-9]*$' "$folder/load")
}
