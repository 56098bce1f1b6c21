#!/bin/sh
# A store may be made before main() and closed behind it, and used while a thread ends. So nothing
# of the library is made by the first, or destroyed by one of the others: fails when an object of
# the archives has such a thing. Statics of functions that must last are made by new.
set -eu
symbols=$(nm -A -C "$@" 2>/dev/null)
if found=$(echo "$symbols" |
  grep -wE 'U (__cxa_(thread_)?atexit|atexit|at_quick_exit|on_exit)|_GLOBAL__sub_I.*'); then
  echo "objects make or destroy something by themselves:"
  echo "$found"
  exit 1
fi
echo "$symbols" | grep -q ' T anabranch::'
