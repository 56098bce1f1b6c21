#include "server/cli/plugin/project.h"

#include <algorithm>

#include "server/cli/plugin/resolver_header.h"

namespace anabranch::server::cli {
namespace {

constexpr std::string_view kResolver =
    R"(// Shows the longest of the concurrent values; of equally long ones the last written.
// Change it to your rule: README.md.
#include <anabranch/guest/resolver.h>

anabranch_answer anabranch_resolve(const anabranch_conflict* conflict) {
  anabranch_bytes longest = conflict->siblings[0].value;
  for (uint32_t i = 1; i < conflict->count; ++i) {
    const anabranch_bytes value = conflict->siblings[i].value;
    if (value.size >= longest.size) longest = value;
  }
  return anabranch_show(longest);
}
)";

constexpr std::string_view kCases = R"([
  {"name": "the longest is shown", "siblings": ["short", "a long one", "other"],
   "shows": "a long one"},
  {"name": "of equally long ones the last written is shown", "siblings": ["one", "two"],
   "shows": "two"},
  {"name": "values are bytes", "siblings": [{"hex": "00ff"}, "a"], "shows": {"hex": "00ff"}}
]
)";

constexpr std::string_view kMakefile = R"(# make          builds NAME.wasm, with clang and lld
# make test     tries it with cases.json, and with conflicts derived from these
CLANG ?= clang
ANABRANCH ?= anabranch
FLAGS = --target=wasm32 -mcpu=mvp -O2 -nostdlib -Wall -Wextra -I. \
  -Wl,--no-entry,--stack-first,-z,stack-size=32768,--strip-all

NAME.wasm: NAME.c anabranch/guest/resolver.h
	$(CLANG) $(FLAGS) -o $@ $<

.PHONY: test clean
test: NAME.wasm
	$(ANABRANCH) plugin check NAME.wasm --cases cases.json

clean:
	rm -f NAME.wasm
)";

constexpr std::string_view kReadme = R"(# NAME

A conflict resolver for Anabranch: NAME.c chooses the value that all regions show for concurrent
values.

    make test     builds NAME.wasm (clang, lld), tries cases.json and conflicts derived from these

cases.json has conflicts with their answers; add one for each promise of the rule. A `shows` of null
says that the module declines: the last written is shown. The interface is described in
anabranch/guest/resolver.h.
)";

std::string with_name(std::string_view text, std::string_view name) {
  constexpr std::string_view kPlace = "NAME";
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = std::min(text.find(kPlace, at), text.size());
    result += text.substr(at, next - at);
    if (next < text.size()) result += name;
    at = next + kPlace.size();
  }
  return result;
}

}  // namespace

bool is_project_name(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_allowed = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= 64 && is_letter(name.front()) &&
         std::ranges::all_of(name, is_allowed);
}

std::vector<ProjectFile> project_files(std::string_view name) {
  return {{std::string(name) + ".c", std::string(kResolver)},
          {"cases.json", std::string(kCases)},
          {"Makefile", with_name(kMakefile, name)},
          {"README.md", with_name(kReadme, name)},
          {"anabranch/guest/resolver.h", std::string(resolver_header())}};
}

}  // namespace anabranch::server::cli
