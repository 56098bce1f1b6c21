#!/bin/sh
# Fails if a C++ file is not as clang-format would write it. Repair: clang-format -i FILE.
cd "$(dirname "$0")/../.." || exit 1
find include core crdt storage transport regions server tests bench examples \
  -name '*.h' -o -name '*.cc' | xargs clang-format --dry-run -Werror
