#!/bin/bash
# The packages install, start by the ExecStart of the unit, take writes, also over TLS as a user,
# are upgraded from an earlier version and purged, and leave nothing but data. All of it happens in
# a file system that is thrown away, with processes and a network of its own. Needs root.
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

readonly earlier_version=0.0.9

# Makes the packages of this tree, and one of the server that has a lower version number.
make_packages() {
  local made=$1
  cpack --config "$build/CPackConfig.cmake" -B "$made" >"$made/log" 2>&1 ||
    fail "cpack: $(tail -n 20 "$made/log")"
  cpack --config "$build/CPackConfig.cmake" -B "$made/before" -D CPACK_COMPONENTS_ALL=server \
    -D CPACK_PACKAGE_VERSION=$earlier_version >"$made/log" 2>&1 ||
    fail "cpack: $(tail -n 20 "$made/log")"
  mv "$made"/before/anabranch_*.deb "$made/earlier.deb" || fail "there is no earlier package"
}

# Makes what an operator gives the server: a certificate for this machine, and a user.
make_secrets() {
  local made=$1
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout "$made/server.key" -out "$made/server.crt" 2>"$made/log" ||
    fail "openssl: $(tail -n 5 "$made/log")"
  printf 'user default off\nuser app on >secret ~* +@all\n' >"$made/users.acl"
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
  needs dpkg-deb dpkg-shlibdeps setpriv ip openssl
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
  make_secrets "$folder/made"
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
    cp "$folder"/made/*.deb "$folder"/made/server.* "$folder/made/users.acl" "$over/root/tmp/"
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

version_is() {
  # shellcheck disable=SC2016  # For dpkg-query.
  [ "$(in_root dpkg-query -W -f '${Version}' anabranch)" = "$1" ]
}

installs() {
  install_packages earlier >"$root/tmp/dpkg" 2>&1 || fail "$(cat "$root/tmp/dpkg")"
  check "it is the earlier version" version_is $earlier_version
  check "the files are as in the package" in_root dpkg -V anabranch
  check "the configuration is not for everyone" \
    [ "$(in_root stat -c '%U:%G %a' /etc/anabranch/anabranch.toml)" = "root:anabranch 640" ]
  check "nor are the data" \
    [ "$(in_root stat -c '%U:%G %a' /var/lib/anabranch)" = "anabranch:anabranch 700" ]
  for file in /usr/share/man/man1/anabranch.1.gz /usr/share/man/man5/anabranch.toml.5.gz \
    /usr/share/bash-completion/completions/anabranch /usr/share/doc/anabranch/copyright \
    /usr/share/anabranch/alerts.yml /usr/share/anabranch/grafana.json \
    /usr/share/anabranch/prometheus.yml /usr/share/anabranch/story/demo.sh; do
    check "$file is there" [ -s "$root$file" ]
  done
  local said man=yes
  in_root which man >/dev/null || man=no
  said=$(in_root systemd-analyze --man=$man verify "$unit" 2>&1) || fail "systemd-analyze: $said"
  check "systemd-analyze says nothing: $said" [ -z "$said" ]
}

# Before anything is configured, also without redis-cli.
tells_its_story() {
  in_root anabranch demo --once >"$root/tmp/log" 2>&1 || fail "$(cat "$root/tmp/log")"
  check "it is told" grep -q '^The story held' "$root/tmp/log"
  check "nothing of it is left" [ -z "$(find "$root/tmp" -name 'anabranch-demo-*')" ]
}

# Without a region it must not start: a region is for ever.
wants_a_region() {
  as_leader anabranch serve --config /etc/anabranch/anabranch.toml 2>"$root/tmp/log"
  check "exit code 78 without a region" [ $? = 78 ]
  check "a sentence" grep -q "no region" "$root/tmp/log"
  sed -i 's/^#region = .*/region = "eu"/' "$root/etc/anabranch/anabranch.toml"
}

# As docs/operations/keys.md has it: the key belongs to root, and the server's group may read it.
configures_tls() {
  local to=/etc/anabranch
  in_root install -m 0644 /tmp/server.crt $to/server.crt || fail "no certificate"
  in_root install -m 0640 -g anabranch /tmp/server.key $to/server.key || fail "no key"
  in_root install -m 0600 -o anabranch -g anabranch /tmp/users.acl /var/lib/anabranch/users.acl ||
    fail "no users"
  sed -i -e 's/^#redis_tls = .*/redis_tls = "127.0.0.1:6401"/' \
    -e 's/^#\(tls_cert_file\|tls_key_file\|acl_file\) = /\1 = /' \
    "$root/etc/anabranch/anabranch.toml"
}

# A command of the user over TLS.
over_tls() {
  in_root redis-cli --tls --cacert /etc/anabranch/server.crt -p 6401 --no-auth-warning \
    --user app --pass secret "$@"
}

serves_over_tls() {
  configures_tls
  start
  check "a write over TLS as a user" [ "$(over_tls SET secure value)" = OK ]
  check "it is that user" [ "$(over_tls ACL WHOAMI)" = app ]
  check "nobody else may write: $(in_root redis-cli -p 6400 SET key other)" \
    [ "$(over_tls GET key)" = value ]
  if in_root redis-cli -p 6401 PING 2>/dev/null | grep -q PONG; then fail "it needs no TLS"; fi
  stop
}

serves() {
  start
  check "a write" [ "$(in_root redis-cli -p 6400 SET key value)" = OK ]
  as_leader anabranch doctor --config /etc/anabranch/anabranch.toml >"$root/tmp/doctor" ||
    fail "$(cat "$root/tmp/doctor")"
  stop
}

upgrades() {
  install_packages 'anabranch_*' >"$root/tmp/dpkg" 2>&1 </dev/null || fail "$(cat "$root/tmp/dpkg")"
  if version_is $earlier_version; then fail "it is still the earlier version"; fi
  check "the configuration stays" grep -q '^region = "eu"' "$root/etc/anabranch/anabranch.toml"
  check "the key stays as it is" \
    [ "$(in_root stat -c '%U:%G %a' /etc/anabranch/server.key)" = "root:anabranch 640" ]
  start
  check "the data stay" [ "$(over_tls GET key)" = value ]
  check "those that came over TLS, too" [ "$(over_tls GET secure)" = value ]
  stop
}

purges() {
  in_root dpkg --purge anabranch >"$root/tmp/dpkg" 2>&1 || fail "$(cat "$root/tmp/dpkg")"
  check "the data are there" [ -s "$root/var/lib/anabranch/data/data.mdb" ]
  check "their user is there" in_root getent passwd anabranch >/dev/null
  check "so are the operator's keys" [ -s "$root/etc/anabranch/server.key" ]
  check "but not the package's configuration" [ ! -e "$root/etc/anabranch/anabranch.toml" ]
  rm "$root/etc/anabranch/server.key" "$root/etc/anabranch/server.crt"
  local left
  left=$(left_over | grep -v -e '^./var/lib/anabranch/' -e '^./etc/.pwd.lock$' \
    -e '^./etc/\(passwd\|group\|shadow\|gshadow\)-\?$')
  check "nothing else is left: $left" [ -z "$left" ]
}

# Without data not even the user stays.
purges_all() {
  rm -r "$root/var/lib/anabranch/data" "$root/var/lib/anabranch/users.acl"
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
  check "the library of the HTTP port is there" \
    [ -n "$(find "$root/usr/lib" -name libanabranch_http.a)" ]
  check "the program of the tutorial is there" \
    [ -s "$root/usr/share/doc/libanabranch-dev/examples/shop.cc" ]
  check "the documents are there" \
    [ -s "$root/usr/share/doc/anabranch-doc/docs/operations/install.md" ]
  if [ -s "$build/site/html/index.html" ]; then
    check "the site is there" \
      [ -s "$root/usr/share/doc/anabranch-doc/html/operations/install.html" ]
  fi
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
  tells_its_story
  wants_a_region
  serves
  serves_over_tls
  upgrades
  purges
  purges_all
  # In a fresh Debian there is nothing of what they need.
  [ "$kind" = fresh ] || libraries
  echo "installed, started, written to, over TLS too, upgraded, purged"
}

if [ "${1-}" = inside ]; then inside "$2" "$3" "$4"; else outside "${1-}"; fi
