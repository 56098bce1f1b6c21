#include "leader/plugins.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/space.h"
#include "plugins/module.h"
#include "rows/policy/module_rows.h"

namespace anabranch::leader {
namespace {

std::vector<PluginUse> uses_of(const std::string& name, const rows::PolicyTable& policies) {
  std::vector<PluginUse> uses;
  for (const auto& [scope, row] : policies.in_force()) {
    if (row.policy.kind != rows::PolicyKind::kWasm1 || row.policy.name != name) continue;
    uses.push_back({core::database_of(scope.space).value_or(0), scope.prefix});
  }
  return uses;
}

}  // namespace

std::vector<PluginAt> list_plugins(const rows::RowReader& rows) {
  const std::shared_ptr<const rows::PolicyTable> policies = rows.policies();
  std::vector<PluginAt> all;
  rows.scan(rows::modules_path(), [&](const core::Path& path, const crdt::Row& row) {
    const std::optional<std::string> name = rows::module_at(path);
    if (!name) return true;
    PluginAt at{.name = *name, .used_by = uses_of(*name, *policies)};
    const std::optional<std::string> module = rows::read_module(row.cell, *name);
    if (module) {
      at.bytes = module->size();
      const auto loaded = plugins::Module::load(*module);
      if (!loaded.ok()) at.refused = loaded.failure().message;
    } else {
      at.refused = "has other bytes than its name says";
    }
    all.push_back(std::move(at));
    return true;
  });
  return all;
}

}  // namespace anabranch::leader
