#!/bin/bash
# Runs text_bench on a short trace: its texts must be equal; its figures mean little.
#
#   tests/text_smoke.sh PROGRAM
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$folder" --edits 8000
