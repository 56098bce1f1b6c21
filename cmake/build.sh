# Builds targets and shows how far it is. For scripts that source it, with `root` set:
#
#   build_targets PRESET LOG MINUTES TARGET...
#
# configures and builds targets in build/PRESET. MINUTES is how long that takes on two cores the
# first time. The output goes to the file LOG; on a terminal one line is renewed, elsewhere there is
# a line every few seconds. After an error it shows the end of LOG and exits with 1. Ctrl-C ends the
# build and the script. Two builds in one tree take turns.
# shellcheck shell=bash disable=SC2154  # `root` is the script's.

build_targets() {
  local preset=$1 log=$2 minutes=$3 tree=build/$1 began=$SECONDS
  shift 3
  mkdir -p "$(dirname "$log")" "$root/build"
  exec 8>"$root/$tree.lock"
  if ! flock -n 8; then
    echo "Waiting for another build in $tree ..."
    flock 8
  fi
  echo "Building: the first time about $minutes minutes on two cores; the full log is" \
    "${log#"$root/"}"
  trap 'exit 130' INT TERM
  (cd "$root" && cmake --preset "$preset") >"$log" 2>&1 || build_failed "$log"
  (
    export NINJA_STATUS='[%f/%t] '
    cd "$root" && exec ninja -C "$tree" -j "$(build_jobs)" "$@"
  ) >>"$log" 2>&1 &
  build_pid=$!
  trap 'stop_build; exit 130' INT TERM
  show_build "$log" "$began"
  wait "$build_pid" || build_failed "$log"
  trap - INT TERM
  exec 8>&-
  echo "Built in $((SECONDS - began)) s."
}

# As many as there are processors and memory for: the largest compilation takes 1.5 GB.
build_jobs() {
  local most fit
  most=$(nproc)
  fit=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo)
  if [ "$fit" -lt 1 ]; then fit=1; fi
  echo $((fit < most ? fit : most))
}

# The compilers' processes are in groups of their own: ninja ends them.
stop_build() {
  kill -TERM "$build_pid" 2>/dev/null
  wait "$build_pid"
  say_stopped
}

say_stopped() { printf '\nThe build was stopped; the next one goes on from there.\n' >&2; }

# A terminal's Ctrl-C reaches ninja, too, and bash may see the end of ninja before its own signal.
build_failed() {
  tail -n 1 "$1" | grep -q 'interrupted by user' && say_stopped && exit 130
  tail -n 30 "$1" >&2
  echo "The build failed; the full log: $1" >&2
  exit 1
}

# Shows the progress until the build has ended.
show_build() {
  local log=$1 began=$2 line made next=0
  while kill -0 "$build_pid" 2>/dev/null; do
    made=$(made_now)
    line=$(sed -n '/ Re-checking /d; s/^\(\[[0-9]*\/[0-9]*\]\).*/\1/p' "$log" | tail -n 1)
    line="  ${line:-[begun]} $((SECONDS - began)) s: $made"
    if [ -t 1 ]; then
      printf '\r\033[K%s' "${line:0:79}"
    elif [ $SECONDS -ge $next ] && [ -n "$made" ]; then
      echo "$line"
      next=$((SECONDS + 10))
    fi
    sleep 0.2
  done
  [ ! -t 1 ] || printf '\r\033[K'
}

# The files that ninja's children make, as "server/commit.cc, regions (3)": a number stands for a
# group of files that are compiled as one.
made_now() {
  local child words made=
  # shellcheck disable=SC2013  # They are words.
  for child in $(cat "/proc/$build_pid/task/$build_pid/children" 2>/dev/null); do
    mapfile -d '' words 2>/dev/null <"/proc/$child/cmdline" || continue
    [[ ${words[*]} =~ ' -o '([^ ]+) ]] || continue
    made+="${made:+, }$(sed -e 's|CMakeFiles/[^/]*\.dir/||' -e 's|\.o$||' \
      -e 's|/Unity/unity_.*_\([0-9]*\)_cxx\.cxx$| (\1)|' <<<"${BASH_REMATCH[1]}")"
  done 2>/dev/null
  echo "$made"
}
