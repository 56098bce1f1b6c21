#!/bin/bash
# The story as `anabranch demo` has it told: three servers of this program, and no compiler.
#
#   demo.sh PROGRAM [--once]
#
# Runs in the folder that the program has made for it. The program ends all that is begun here and
# removes the folder (server/cli/demo/keeper.h); the end of that program alone is seen to here.
# A file `told` in the folder says that all answers were right.
set -u
here=${0%/*}
server=$1
once=${2-}
application=
folder=$(pwd -P)
place=$server
called=$(printf %q "$server")
if [ "$(type -P anabranch)" -ef "$server" ]; then called=anabranch; fi

is_broken() { [ "${ANABRANCH_TEST_STORY_BREAK-}" = "$1" ]; }

. "$here/client.sh"
. "$here/regions.sh"
. "$here/telling.sh"
. "$here/chapters.sh"
. "$here/story.sh"

mesh=(--mesh "demo-$$")
clear_at_end
tell_story
