#!/bin/sh
# Installs the Debian packages that Anabranch is built, tested and measured with. Silent and quick
# when all of them are there. Works as root, or with sudo. Debian 12 and later.
#
#   cmake/packages.sh build    what builds and runs it, by hand too
#   cmake/packages.sh board    that, and what examples/board needs
#   cmake/packages.sh client   what talks to an installed one: redis-cli
#   cmake/packages.sh docs     what makes a site of the documents (docs/site.sh)
#   cmake/packages.sh test     that of `build` and of `docs`, and what the tests need
#   cmake/packages.sh browser  what tests/browser needs: chromium, node and npm
#   cmake/packages.sh bench    that of `build`, and what it is measured beside
#   cmake/packages.sh peers    that of `bench`, and Tarantool
#   cmake/packages.sh ceph     that of `build`, and a cluster of Ceph for tests
#   cmake/packages.sh          that of `test`
#
# What is installed is asked for by program where a package is one (any g++ or cmake in the PATH
# will do), and by package otherwise.
set -eu

# package:program
programs='
g++:g++
cmake:cmake
ninja-build:ninja
pkg-config:pkg-config
python3:python3
ccache:ccache
redis-tools:redis-cli
'
libraries='
libjemalloc-dev
liblmdb-dev
libzmq3-dev
cppzmq-dev
libmsgpack-cxx-dev
libspdlog-dev
libsodium-dev
libssl-dev
libwebsockets-dev
libxxhash-dev
libzstd-dev
libtomlplusplus-dev
libcli11-dev
nlohmann-json3-dev
prometheus-cpp-dev
wabt
'
test_programs='
clang:clang
clang-format:clang-format
clang-tidy:clang-tidy
dpkg-dev:dpkg-shlibdeps
iproute2:ip
lld:wasm-ld
make:make
openssl:openssl
mmdebstrap:mmdebstrap
nodejs:node
redis-server:redis-server
redis-tools:redis-benchmark
faketime:faketime
valgrind:valgrind
'
test_libraries='
doctest-dev
libhiredis-dev
python3-prometheus-client
python3-redis
'
docs_libraries='
python3-myst-parser
python3-sphinx
'
board_programs='
clang:clang
lld:wasm-ld
'
browser_programs='
chromium:chromium
nodejs:node
npm:npm
'
ceph_programs='
ceph-mon:ceph-mon
ceph-mgr:ceph-mgr
ceph-osd:ceph-osd
ceph-common:ceph
'
bench_programs='
redis-server:redis-server
redis-tools:redis-benchmark
valgrind:valgrind
'

case $#:${1-} in
  0: | 1:test)
    programs="$programs $test_programs"
    libraries="$libraries $test_libraries $docs_libraries"
    ;;
  1:client)
    programs=redis-tools:redis-cli
    libraries=
    ;;
  1:board)
    programs="$programs $board_programs"
    ;;
  1:docs)
    programs=
    libraries=$docs_libraries
    ;;
  1:browser)
    programs=$browser_programs
    libraries=
    ;;
  1:bench) programs="$programs $bench_programs" ;;
  1:peers) programs="$programs $bench_programs tarantool:tarantool" ;;
  1:ceph)
    programs="$programs $ceph_programs"
    libraries="$libraries librados-dev"
    ;;
  1:build) ;;
  *)
    echo "usage: cmake/packages.sh [build|board|client|docs|test|browser|bench|peers|ceph]" >&2
    exit 2
    ;;
esac

missing_packages() {
  {
    for entry in $programs; do
      command -v "${entry#*:}" >/dev/null 2>&1 || echo "${entry%%:*}"
    done
    for package in $libraries; do
      status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=absent
      [ "$status" = installed ] || echo "$package"
    done
  } | sort -u
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@"
}

install_packages() {
  # shellcheck disable=SC2086  # A list of words.
  apt_get update && apt_get install -y --no-install-recommends $missing >"$log" 2>&1
}

# Debian starts a service when it installs it, unless this file says no. Redis is here to be
# measured against, not to occupy port 6379.
policy=/usr/sbin/policy-rc.d
forbid_services() {
  [ -e "$policy" ] && return
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod +x "$policy"
  policy_is_ours=yes
}

allow_services() {
  [ -z "$policy_is_ours" ] || as_root rm -f "$policy"
  rm -f "$log"
}

missing=$(missing_packages | tr '\n' ' ')
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "packages.sh: no apt-get here; please install the equivalents of: $missing" >&2
  exit 1
fi
if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
  echo "packages.sh: as root, please: apt-get install $missing" >&2
  exit 1
fi

echo "Installing, some minutes at most: $missing"
log=$(mktemp)
policy_is_ours=
trap allow_services EXIT
trap 'exit 1' INT TERM
forbid_services
if ! install_packages; then
  echo "packages.sh: that failed, trying once more in 5 seconds" >&2
  sleep 5
  if ! install_packages; then
    tail -n 20 "$log" >&2
    echo "packages.sh: could not install $missing" >&2
    exit 1
  fi
fi

# Nor at the next boot.
case " $missing " in
  *" redis-server "*)
    if [ -d /run/systemd/system ]; then
      as_root systemctl disable --quiet redis-server.service || true
    fi
    ;;
esac
