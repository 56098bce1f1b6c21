// ANABRANCH PLUGIN: the modules that policies may name.
#include "control/verbs/plugin_verbs.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "control/verbs/bytes_json.h"
#include "control/verbs/words.h"
#include "leader/plugins.h"

namespace anabranch::control {
namespace {

using Json = nlohmann::ordered_json;

// Of the modules in an answer, about: to check one of 1 MiB takes some 50 ms, and nothing else
// happens at the port meanwhile.
constexpr std::size_t kListedBytes = std::size_t{1} << 20U;

void add(Call& call) { call.reply().bulk(call.leader.add_plugin(call[3]).value_or_raise()); }

void remove_plugin(Call& call) {
  call.leader.remove_plugin(call[3]).value_or_raise();
  call.reply().ok();
}

// The words behind LIST: [AFTER name].
std::string_view after_of(const Call& call) {
  if (call.size() == 3) return {};
  if (call.size() != 5 || !same_word(call[3], "after")) {
    throw Error(ErrorCode::kInvalid, "syntax error");
  }
  return call[4];
}

void list_plugins(Call& call) {
  const leader::PluginPage page =
      call.leader.plugins(after_of(call), kListedBytes).value_or_raise();
  Json all = Json::array();
  for (const PluginAt& each : page.plugins) {
    Json uses = Json::array();
    for (const PluginUse& use : each.used_by) {
      uses.push_back({{"database", use.database}, {"prefix", bytes_json(use.prefix)}});
    }
    all.push_back({{"name", each.name},
                   {"bytes", each.bytes},
                   {"refused", bytes_json(each.refused)},
                   {"used_by", std::move(uses)}});
  }
  Json json{{"plugins", std::move(all)}, {"after", Json()}};
  if (!page.after.empty()) json["after"] = page.after;
  call.reply().bulk(json.dump());
}

constexpr Verb kPluginVerbs[] = {
    {.name = "add",
     .arity = 4,
     .access = Access::kWrites,
     .acts = true,
     .run = add,
     .usage = "module",
     .help = "Stores a WebAssembly module in all regions; replies with its name, for policies.",
     .merging = "In all regions; a module is named by its hash, so adding one twice adds nothing."},
    {.name = "remove",
     .arity = 4,
     .access = Access::kWrites,
     .acts = true,
     .run = remove_plugin,
     .usage = "name",
     .help = "Removes a module that no policy names.",
     .merging = "In all regions."},
    {.name = "list",
     .arity = -3,
     .access = Access::kBeside,
     .run = list_plugins,
     .usage = "[AFTER name]",
     .help =
         "Modules, and the policies that name them, as JSON: a page, and AFTER of the next one.",
     .complexity = "O(N), N the bytes of the modules of a page: about 1 MiB at most"},
};

}  // namespace

std::span<const Verb> plugin_verbs() { return kPluginVerbs; }

}  // namespace anabranch::control
