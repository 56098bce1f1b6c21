#include "rows/row_reader.h"

#include <string>
#include <utility>
#include <vector>

#include "crdt/type_table.h"
#include "rows/policy/module_rows.h"

namespace anabranch::rows {

bool RowReader::shows(const core::Path& path) const { return crdt::shows(path, row(path)); }

std::shared_ptr<const Masks> RowReader::masks() const {
  static const auto* const none = new std::shared_ptr(std::make_shared<const Masks>());
  return *none;
}

std::shared_ptr<const PolicyTable> RowReader::policies() const {
  std::vector<PolicyRow> found;
  scan(policies_path(), [&](const core::Path& path, const crdt::Row& row) {
    if (auto policy = read_policy_row(path, row.cell)) found.push_back(*std::move(policy));
    return true;
  });
  PolicyTable::Modules modules;
  for (const PolicyRow& each : found) {
    const std::string& name = each.policy.name;
    if (each.policy.kind != PolicyKind::kWasm1 || modules.contains(name)) continue;
    auto module = read_module(row(module_path(name)).cell, name);
    if (module) modules.emplace(name, std::make_shared<const std::string>(*std::move(module)));
  }
  return std::make_shared<const PolicyTable>(std::move(found), std::move(modules));
}

std::shared_ptr<const OriginRegions> RowReader::regions() const {
  auto found = std::make_shared<OriginRegions>();
  scan(regions_path(), [&](const core::Path& path, const crdt::Row& row) {
    found->add(path, row.cell);
    return true;
  });
  return found;
}

std::size_t RowReader::stored_below(const core::Path& prefix, std::size_t at_most) const {
  std::size_t rows = 0;
  scan(prefix, [&](const core::Path&, const crdt::Row&) { return ++rows < at_most; });
  return rows;
}

}  // namespace anabranch::rows
