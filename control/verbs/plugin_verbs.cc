// ANABRANCH PLUGIN: the modules that policies may name.
#include "control/verbs/plugin_verbs.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "control/verbs/bytes_json.h"

namespace anabranch::control {
namespace {

using Json = nlohmann::ordered_json;

void add(Call& call) { call.reply().bulk(call.leader.add_plugin(call[3]).value_or_raise()); }

void remove(Call& call) {
  call.leader.remove_plugin(call[3]).value_or_raise();
  call.reply().ok();
}

void list(Call& call) {
  Json all = Json::array();
  for (const PluginAt& each : call.leader.plugins()) {
    Json uses = Json::array();
    for (const PluginUse& use : each.used_by) {
      uses.push_back({{"database", use.database}, {"prefix", bytes_json(use.prefix)}});
    }
    all.push_back({{"name", each.name},
                   {"bytes", each.bytes},
                   {"refused", bytes_json(each.refused)},
                   {"used_by", std::move(uses)}});
  }
  call.reply().bulk(all.dump());
}

constexpr Verb kVerbs[] = {
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
     .run = remove,
     .usage = "name",
     .help = "Removes a module that no policy names.",
     .merging = "In all regions."},
    {.name = "list",
     .arity = 3,
     .access = Access::kBeside,
     .run = list,
     .help = "All modules, and the policies that name them, as JSON."},
};

}  // namespace

std::span<const Verb> plugin_verbs() { return kVerbs; }

}  // namespace anabranch::control
