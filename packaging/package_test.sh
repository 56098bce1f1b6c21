#!/bin/bash
# The packages install, start by the ExecStart of the unit, take a write, are upgraded and purged,
# and leave nothing but data. All of it happens in a file system that is thrown away, with processes
# and a network of its own. Needs root.
#
#   package_test.sh          over the file system of this machine
#   package_test.sh fresh    over a Debian that mmdebstrap makes, with what the package of the
#                            server says that it needs and nothing else; downloads 100 MB
set -u -o pipefail

readonly build=${ANABRANCH_TEST_BUILD:-build/release}
readonly unit=/usr/lib/systemd/system/anabranch.service

fail() {
  echo "package_test.sh: $*" >&2
  exit 1
}

skip() {
  echo "skipped: $*"
  exit 77
}

check() {
  local what=$1
  shift
  "$@" || fail "not so: $what ($*)"
}

# ---- Outside: makes the packages and the file system.

make_packages() {
  local made=$1
  cpack --config "$build/CPackConfig.cmake" -B "$made" >"$made/log" 2>&1 ||
    fail "cpack: $(tail -n 20 "$made/log")"
  dpkg-deb -R "$made"/anabranch_*.deb "$made/next" || fail "cannot unpack the package"
  sed -i 's/^Version: .*/&+next/' "$made/next/DEBIAN/control"
  dpkg-deb --root-owner-group -b "$made/next" "$made/next.deb" >/dev/null || fail "cannot pack it"
}

needs() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "there is no $program"
  done
}

# Makes the Debian in which a package is installed.
make_debian() {
  local made=$1 base=$2 depends
  depends=$(dpkg-deb -f "$made"/anabranch_*.deb Depends) || fail "the package cannot be read"
  mmdebstrap --quiet --variant=minbase --include=redis-tools \
    --customize-hook="chroot \"\$1\" apt-get satisfy -y --no-install-recommends '$depends'" \
    bookworm "$base" >"$made/log" 2>&1 || fail "mmdebstrap: $(tail -n 20 "$made/log")"
}

outside() {
  local kind=$1 base=/
  [ "$(id -u)" = 0 ] || skip "only root can install packages"
  needs dpkg-deb dpkg-shlibdeps setpriv ip
  if [ "$kind" = fresh ]; then
    [ -n "${ANABRANCH_TEST_LONG-}" ] || skip "it downloads a Debian: only with --long"
    needs mmdebstrap
  else
    needs systemd-analyze systemd-sysusers redis-cli
  fi
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  mkdir "$folder/made" "$folder/over"
  unshare -mnpf sh -c "mount -t tmpfs none '$folder/over'" 2>/dev/null ||
    skip "no namespaces can be made here"
  make_packages "$folder/made"
  if [ "$kind" = fresh ]; then
    base=$folder/base
    make_debian "$folder/made" "$base"
  fi
  unshare -mnpf "$0" inside "$kind" "$folder" "$base"
}

# ---- Inside: its own mounts, processes and network.

mount_over() {
  local folder=$1 base=$2 over=$1/over
  mount -t tmpfs none "$over" && mkdir "$over/upper" "$over/work" "$over/root" || return 1
  mount -t overlay overlay "$over/root" \
    -o "lowerdir=$base,upperdir=$over/upper,workdir=$over/work" || return 1
  mount -t proc proc "$over/root/proc" && mount --bind /dev "$over/root/dev" &&
    mount -t tmpfs none "$over/root/run" && mount -t tmpfs none "$over/root/tmp" &&
    cp "$folder"/made/*.deb "$over/root/tmp/"
}

in_root() {
  chroot "$root" "$@"
}

# Installs the packages that these patterns name, without their ".deb".
install_packages() {
  local files=() pattern
  # shellcheck disable=SC2206  # A pattern, to be expanded.
  for pattern in "$@"; do files+=("$root"/tmp/$pattern.deb); done
  in_root dpkg -i "${files[@]#"$root"}"
}

readonly leader=(setpriv --reuid anabranch --regid anabranch --clear-groups)

as_leader() {
  in_root "${leader[@]}" "$@"
}

# Starts the command of the unit as its user, and waits until it answers.
start() {
  local command
  command=$(sed -n 's/^ExecStart=//p' "$root$unit")
  # shellcheck disable=SC2086  # A command with its words.
  (exec chroot "$root" "${leader[@]}" $command 2>"$root/tmp/log") &
  server=$!
  for _ in $(seq 200); do
    as_leader anabranch status --data /var/lib/anabranch/data >/dev/null 2>&1 && return
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  fail "it does not start: $(cat "$root/tmp/log")"
}

stop() {
  kill -TERM "$server"
  wait "$server" || fail "it ended with $?: $(cat "$root/tmp/log")"
}

# What lies in the upper file system: made or changed since the beginning, without the books of dpkg
# and of the cache of the linker.
left_over() {
  (cd "$over/upper" && find . ! -type d ! -path './var/lib/dpkg/*' ! -path './var/log/*' \
    ! -path './var/cache/*' ! -path './tmp/*' ! -path './run/*' ! -path './proc/*' | sort)
}

installs() {
  install_packages 'anabranch_*' >"$root/tmp/dpkg" 2>&1 || fail "$(cat "$root/tmp/dpkg")"
  check "the files are as in the package" in_root dpkg -V anabranch
  check "the configuration is not for everyone" \
    [ "$(in_root stat -c '%U:%G %a' /etc/anabranch/anabranch.toml)" = "root:anabranch 640" ]
  check "nor are the data" \
    [ "$(in_root stat -c '%U:%G %a' /var/lib/anabranch)" = "anabranch:anabranch 700" ]
  for file in /usr/share/man/man1/anabranch.1.gz /usr/share/man/man5/anabranch.toml.5.gz \
    /usr/share/bash-completion/completions/anabranch /usr/share/doc/anabranch/copyright; do
    check "$file is there" [ -s "$root$file" ]
  done
  local said man=yes
  in_root which man >/dev/null || man=no
  said=$(in_root systemd-analyze --man=$man verify "$unit" 2>&1) || fail "systemd-analyze: $said"
  check "systemd-analyze says nothing: $said" [ -z "$said" ]
}

# Without a region it must not start: a region is for ever.
wants_a_region() {
  as_leader anabranch serve --config /etc/anabranch/anabranch.toml 2>"$root/tmp/log"
  check "exit code 2 without a region" [ $? = 2 ]
  check "a sentence" grep -q "no region" "$root/tmp/log"
  sed -i 's/^#region = .*/region = "eu"/' "$root/etc/anabranch/anabranch.toml"
}

serves() {
  start
  check "a write" [ "$(in_root redis-cli -p 6400 SET key value)" = OK ]
  as_leader anabranch doctor --config /etc/anabranch/anabranch.toml >"$root/tmp/doctor" ||
    fail "$(cat "$root/tmp/doctor")"
  stop
}

upgrades() {
  install_packages next >"$root/tmp/dpkg" 2>&1 </dev/null || fail "$(cat "$root/tmp/dpkg")"
  check "the configuration stays" grep -q '^region = "eu"' "$root/etc/anabranch/anabranch.toml"
  start
  check "the data stay" [ "$(in_root redis-cli -p 6400 GET key)" = value ]
  stop
}

purges() {
  in_root dpkg --purge anabranch >"$root/tmp/dpkg" 2>&1 || fail "$(cat "$root/tmp/dpkg")"
  check "the data are there" [ -s "$root/var/lib/anabranch/data/data.mdb" ]
  check "their user is there" in_root getent passwd anabranch >/dev/null
  local left
  left=$(left_over | grep -v -e '^./var/lib/anabranch/' -e '^./etc/.pwd.lock$' \
    -e '^./etc/\(passwd\|group\|shadow\|gshadow\)-\?$')
  check "nothing else is left: $left" [ -z "$left" ]
}

# Without data not even the user stays.
purges_all() {
  rm -r "$root/var/lib/anabranch/data"
  install_packages 'anabranch_*' >/dev/null 2>&1 || fail "it does not install again"
  in_root dpkg --purge anabranch >/dev/null 2>&1 || fail "it cannot be purged again"
  check "no folder is left" [ ! -e "$root/var/lib/anabranch" ]
  check "no folder is left" [ ! -e "$root/etc/anabranch" ]
  if in_root getent passwd anabranch; then fail "the user is left"; fi
}

libraries() {
  install_packages 'libanabranch-dev_*' 'anabranch-doc_*' >"$root/tmp/dpkg" 2>&1 ||
    fail "$(cat "$root/tmp/dpkg")"
  check "the headers are there" [ -s "$root/usr/include/anabranch/store.h" ]
  check "the documents are there" [ -s "$root/usr/share/doc/anabranch-doc/docs/operations.md" ]
  in_root dpkg --purge libanabranch-dev anabranch-doc >/dev/null 2>&1 || fail "they stay"
  check "the headers are gone" [ ! -e "$root/usr/include/anabranch" ]
}

inside() {
  local kind=$1 folder=$2 base=$3
  over=$folder/over
  root=$over/root
  mount_over "$folder" "$base" || skip "no file system can be laid over this one"
  ip link set lo up
  unset ANABRANCH_TEST_BUILD ANABRANCH_TEST_SEED ANABRANCH_TEST_LONG
  export LC_ALL=C.UTF-8
  installs
  wants_a_region
  serves
  upgrades
  purges
  purges_all
  # In a fresh Debian there is nothing of what they need.
  [ "$kind" = fresh ] || libraries
  echo "installed, started, written to, upgraded, purged"
}

if [ "${1-}" = inside ]; then inside "$2" "$3" "$4"; else outside "${1-}"; fi
