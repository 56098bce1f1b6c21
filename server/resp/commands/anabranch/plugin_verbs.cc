// ANABRANCH PLUGIN: the modules that policies may name.
#include "server/resp/commands/anabranch/plugin_verbs.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "control/verbs/bytes_json.h"
#include "server/resp/host.h"
#include "server/resp/identity.h"

namespace anabranch::server {
namespace {

using namespace control;  // TEMP

using Json = nlohmann::ordered_json;

void add(Call& call) { call.reply().bulk(call.host.leader.add_plugin(call[3]).value_or_raise()); }

void remove(Call& call) {
  call.host.leader.remove_plugin(call[3]).value_or_raise();
  call.reply().ok();
}

void list(Call& call) {
  Json all = Json::array();
  for (const PluginAt& each : call.host.leader.plugins()) {
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

constexpr Command kVerbs[] = {
    {.name = "add",
     .arity = 4,
     .flags = kWrites | kAlone | kAdmin,
     .run = add,
     .since = kAnabranchVersion,
     .usage = "module",
     .help = "Stores a WebAssembly module in all regions; replies with its name, for policies.",
     .complexity = "O(1)",
     .merging = "In all regions; a module is named by its hash, so adding one twice adds nothing."},
    {.name = "remove",
     .arity = 4,
     .flags = kWrites | kAlone | kAdmin,
     .run = remove,
     .since = kAnabranchVersion,
     .usage = "name",
     .help = "Removes a module that no policy names.",
     .complexity = "O(1)",
     .merging = "In all regions."},
    {.name = "list",
     .arity = 3,
     .flags = kAlone | kAfterCommit | kAdmin,
     .run = list,
     .since = kAnabranchVersion,
     .help = "All modules, and the policies that name them, as JSON.",
     .complexity = "O(1)"},
    {.name = "help",
     .arity = 3,
     .run = help,
     .since = kAnabranchVersion,
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> plugin_verbs() { return kVerbs; }

}  // namespace anabranch::server
