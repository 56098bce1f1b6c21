#!/bin/sh
# Each copy of memory in the library is one of its own (core/memory): fails when an object of the
# archive $1 refers to those of the C library, or when none refers to the own ones.
set -eu
undefined=$(nm -u "$1")
if foreign=$(echo "$undefined" | grep -wE 'memcpy|memmove|__memcpy_chk|__memmove_chk'); then
  echo "objects of $1 refer to copies of the C library:"
  echo "$foreign" | sort | uniq -c
  exit 1
fi
echo "$undefined" | grep -qw anabranch_memcpy
