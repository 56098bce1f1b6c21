# The programs that the story runs: `server`, and `application`, or nothing in its place.
# shellcheck shell=bash disable=SC2034,SC2154  # Shared with the other parts of the story.

# A build tree that is named goes before an installed server, and that before a build.
choose_programs() {
  local build=${ANABRANCH_TEST_BUILD-}
  if [ -z "$build" ] && server=$(same_installed); then
    echo "Nothing is built: $server is of the same commit as this folder."
    "$root/cmake/packages.sh" client || exit 1
    application=
    return
  fi
  if [ -z "$build" ]; then
    build=$root/build/story
    "$root/cmake/packages.sh" build || exit 1
    build_targets story "$root/build/log/story.log" 6 anabranch_server anabranch_texts \
      example_conflict_hook
  fi
  server=$build/server/anabranch
  application=$build/examples/conflict_hook
}

# Prints the path of the anabranch in PATH if that is made of the commit that is checked out here.
# A changed tree equals nothing, and neither does an unknown one.
same_installed() {
  local path here there
  path=$(type -P anabranch) || return 1
  here=$("$root/cmake/commit.sh") || return 1
  there=$(timeout 5 "$path" --version 2>/dev/null | sed -n 's/^anabranch [^ ]* (\(.*\))$/\1/p')
  if [[ $here =~ ^[0-9a-f]{40}$ && $there == "$here" ]]; then
    echo "$path"
  else
    echo "$path is of another commit (${there:-unknown}) than this folder ($here): not used." >&2
    return 1
  fi
}
