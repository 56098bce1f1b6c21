#include "leader/plugins.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/path_range.h"
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

// Returns why the rule does not admit a module; empty if it does.
std::string refusal(const std::string& name, std::string_view module,
                    const rows::ModulePool& pool) {
  if (const auto admits = pool.admits(name)) {
    return admits->ok() ? std::string() : admits->failure().message;
  }
  const auto loaded = plugins::Module::load(module);
  return loaded.ok() ? std::string() : loaded.failure().message;
}

std::size_t bytes_in(const crdt::Cell& cell) {
  std::size_t bytes = 0;
  for (const crdt::Sibling& each : cell.siblings) bytes += each.value.size();
  return bytes;
}

}  // namespace

core::Result<PluginPage> list_plugins(const rows::RowReader& rows, const rows::ModulePool& pool,
                                      std::string_view after, std::size_t bytes_max) {
  if (!after.empty() && !rows::is_module_name(after)) {
    return core::invalid("the name of a module is 64 hexadecimal digits");
  }
  const std::shared_ptr<const rows::PolicyTable> policies = rows.policies();
  core::PathRange range = core::PathRange::below(rows::modules_path());
  if (!after.empty()) range.from = std::string(rows::module_path(after).encoded());
  PluginPage page;
  std::size_t bytes = 0;
  rows.scan(range, [&](const core::Path& path, const crdt::Row& row) {
    const std::optional<std::string> name = rows::module_at(path);
    if (!name || *name == after) return true;
    if (bytes >= bytes_max) {
      page.after = page.plugins.back().name;
      return false;
    }
    PluginAt at{.name = *name, .used_by = uses_of(*name, *policies)};
    const std::optional<std::string> module = rows::read_module(row.cell, *name);
    at.bytes = module ? module->size() : 0;
    at.refused = module ? refusal(*name, *module, pool) : "has other bytes than its name says";
    page.plugins.push_back(std::move(at));
    bytes += bytes_in(row.cell);
    return true;
  });
  return page;
}

}  // namespace anabranch::leader
