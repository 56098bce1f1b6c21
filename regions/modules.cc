#include "regions/modules.h"

#include "plugins/module.h"
#include "rows/policy/module_rows.h"
#include "rows/row_text.h"

namespace anabranch::regions {
namespace {

using core::Path;

std::size_t modules_in(const rows::RowReader& rows) {
  std::size_t modules = 0;
  rows.scan(rows::modules_path(), [&](const Path& path, const crdt::Row&) {
    modules += rows::module_at(path) ? 1 : 0;
    return modules < kModulesMax;
  });
  return modules;
}

}  // namespace

core::Result<std::string> add_module(LocalWriter& writer, std::string_view module) {
  if (auto admitted = plugins::Module::load(module); !admitted.ok()) {
    return core::invalid("the module is refused: it " + admitted.failure().message);
  }
  std::string name = rows::module_name(module);
  const Path path = rows::module_path(name);
  OpenTransaction txn = writer.begin();
  if (!rows::read_module(txn->stage().peek(path).cell, name)) {
    if (!writer.reserve().holds(module.size())) {
      return core::Failure{ErrorCode::kIo, writer.reserve().text()};
    }
    if (modules_in(txn->stage()) >= kModulesMax) {
      return core::Failure{ErrorCode::kTooLarge,
                           "there are " + std::to_string(kModulesMax) +
                               " modules, the most there may be: remove one that no policy names"};
    }
    txn->put(path, module);
  }
  txn.keep();
  return name;
}

core::Result<void> remove_module(LocalWriter& writer, std::string_view name) {
  OpenTransaction txn = writer.begin();
  const bool is_there = rows::is_module_name(name) &&
                        !txn->stage().peek(rows::module_path(name)).cell.siblings.empty();
  if (!is_there) {
    return core::invalid("there is no module " + rows::quoted(name) +
                         ": `anabranch plugin list` shows all");
  }
  for (const auto& [scope, row] : txn->stage().policies()->in_force()) {
    if (row.policy.kind != rows::PolicyKind::kWasm1 || row.policy.name != name) continue;
    return core::invalid("the policy of " + rows::path_text(Path{scope.space, scope.prefix}) +
                         " names the module: set another policy there first");
  }
  txn->remove(rows::module_path(name));
  txn.keep();
  return {};
}

}  // namespace anabranch::regions
