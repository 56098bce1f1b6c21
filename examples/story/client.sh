# The client of Redis: redis-cli, or where that is not installed these lines in its place.
# shellcheck shell=bash disable=SC2154  # Shared with the other parts of the story.

has_redis_cli() { type -P redis-cli >/dev/null; }

# client PORT [-r COUNT] WORDS...: prints the answer as redis-cli does into a pipe.
client() {
  if has_redis_cli; then redis-cli -p "$@"; else speak "$@"; fi
}

# The same over a connection of the shell, in a shell of its own. A word has no quotation marks.
speak() {
  local port=$1 times=1 line
  shift
  trap '' PIPE
  if [ "$1" = -r ]; then times=$2 && shift 2; fi
  { exec {connection}<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null ||
    { echo "Could not connect to 127.0.0.1:$port" >&2 && return 1; }
  printf -v line '"%s" ' "$@"
  while [ "$times" -ne 0 ]; do
    if ! { printf '%s\r\n' "$line" >&"$connection" && read_answer; } 2>/dev/null; then
      echo "Error: the server closed the connection" >&2
      return 1
    fi
    times=$((times - 1))
  done
  exec {connection}>&-
}

# Prints the next answer: a line, none, or an array of answers. The story has no value of two lines.
read_answer() {
  local line count
  IFS= read -r -t 10 -u "$connection" line || return 1
  line=${line%$'\r'}
  case $line in
    [-+:]*) echo "${line:1}" ;;
    '$-1') echo ;;
    '$'*) IFS= read -r -t 10 -u "$connection" line && echo "${line%$'\r'}" ;;
    '*'*) for ((count = ${line:1}; count > 0; --count)); do read_answer || return 1; done ;;
    *) return 1 ;;
  esac
}
