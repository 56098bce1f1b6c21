# The regions: processes that are started here, and stopped here in every case.
# shellcheck shell=bash disable=SC2154  # Shared with the other parts of the story.

declare -A pid listen redis http peers
mesh=() # A flag that keeps the servers apart from those of others that come to one of their ports.

make_folder() {
  folder=$(mktemp -d "${TMPDIR:-/tmp}/anabranch-story-XXXXXX") || exit 1
  clear_at_end
}

clear_at_end() {
  trap stop_all EXIT
  trap 'exit 1' INT TERM
}

stop_all() {
  trap - EXIT INT TERM
  local region tries
  { exec 3>&-; } 2>/dev/null # The application ends with its input.
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

give_up() {
  echo "$1 did not start:" >&2
  cat "$folder/$1.log" >&2
  exit 1
}

# Prints the port if it is free, else 0, which selects any free one.
free_port() {
  if (exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then echo 0; else echo "$1"; fi
}

# start_region REGION PORT PORT PORT FUNCTION PEER...: the ports for regions, clients and browsers,
# and the function that starts it there. Another process may take a port that was free a moment ago:
# then any others will do.
start_region() {
  local region=$1 start=$5
  peers[$region]=${*:6}
  "$start" "$region" "$(free_port "$2")" "$(free_port "$3")" "$(free_port "$4")" ||
    "$start" "$region" 0 0 0 || give_up "$region"
}

# Starts a server: region, and its ports. Fails if it ends before it is ready.
start_server() {
  local region=$1 address words=()
  for address in ${peers[$region]}; do words+=(--peer "$address"); done
  : >"$folder/$region.log" # Of an earlier start.
  "$server" serve --region "$region" --data "$folder/$region" "${mesh[@]}" \
    --listen "tcp://127.0.0.1:$2" "${words[@]}" --redis "127.0.0.1:$3" \
    --http "127.0.0.1:$4" >/dev/null 2>>"$folder/$region.log" &
  pid[$region]=$!
  wait_for_line "$region" 'listens on ([^ ,]+), redis on ([^ ,]+), http on ([^ ,]+)' || return 1
  listen[$region]=${BASH_REMATCH[1]}
  redis[$region]=${BASH_REMATCH[2]}
  http[$region]=${BASH_REMATCH[3]}
}

# Waits until the log of region $1 has a line that matches the extended expression $2, and sets
# BASH_REMATCH.
wait_for_line() {
  local deadline=$((SECONDS + 60)) line
  while [ $SECONDS -lt $deadline ]; do
    while IFS= read -r line; do
      [[ $line =~ $2 ]] && return 0
    done <"$folder/$1.log"
    kill -0 "${pid[$1]}" 2>/dev/null || return 1
    sleep 0.02
  done
  return 1
}

# Starts the application: its input is file descriptor 3, its answers come from 4.
start_application() {
  local region=$1 hook=() line
  if is_broken hook; then hook=(--without-hook); fi
  rm -f "$folder/$region.in" "$folder/$region.out"
  mkfifo "$folder/$region.in" "$folder/$region.out"
  # shellcheck disable=SC2086  # A list of words.
  "$application" "${hook[@]}" --http "127.0.0.1:$4" "$region" "$folder/$region" \
    "tcp://127.0.0.1:$2" ${peers[$region]} \
    <"$folder/$region.in" >"$folder/$region.out" 2>"$folder/$region.log" &
  pid[$region]=$!
  exec 3>"$folder/$region.in" 4<"$folder/$region.out"
  IFS= read -r -t 20 -u 4 line || return 1
  listen[$region]=${line##* }
  IFS= read -r -t 5 -u 4 line || return 1
  http[$region]=${line##* }
  IFS= read -r -t 5 -u 4 line
}

# kill -9: nothing is written, closed or told to anybody.
kill_region() {
  kill -KILL "${pid[$1]}" 2>/dev/null
  wait "${pid[$1]}" 2>/dev/null
}

# Starts a server again that was killed: with its data, at its addresses.
restart_region() {
  start_server "$1" "${listen[$1]##*:}" "${redis[$1]##*:}" "${http[$1]##*:}" || give_up "$1"
}
