#include "rows/row_reader.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/path_parts.h"
#include "crdt/type_table.h"
#include "rows/counts.h"
#include "rows/masks/masks.h"
#include "rows/policy/module_rows.h"

namespace anabranch::rows {

namespace {

// A count reads this many rows of one field one by one, then seeks past the rest of the field.
constexpr std::size_t kRowsToSkip = 16;

}  // namespace

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

std::size_t RowReader::stored_below(const core::PathRange& range, std::size_t at_most) const {
  std::size_t rows = 0;
  scan(range, [&](const core::Path&, const crdt::Row&) { return ++rows < at_most; });
  return rows;
}

std::uint64_t RowReader::kept_count(const core::Path& path) const {
  const StoredCount stored = stored_count(path);
  return stored.count == 0 || masks()->voids(path, stored.stamp) ? 0 : stored.count;
}

std::uint64_t RowReader::count_fields(const core::Path& map) const {
  std::uint64_t fields = 0;
  std::string field;  // The one that was counted last, with the path above it.
  core::PathRange rest = core::PathRange::below(map);
  for (bool going = true; going;) {
    going = false;
    std::size_t rows = 0;  // Of that field, since it was counted.
    scan(rest, [&](const core::Path& path, const crdt::Row& row) {
      const std::string_view encoded = path.encoded();
      if (encoded.size() <= map.encoded().size()) return true;
      const bool same = !field.empty() && encoded.starts_with(field);
      if (same) {
        going = ++rows >= kRowsToSkip && core::Path::kHashedPrefix >= field.size();
        return !going;
      }
      if (!crdt::shows(path, row) || !counts_in(path, map)) return true;
      field = encoded.substr(0, core::behind_component(encoded, map.encoded().size()));
      rows = 0;
      ++fields;
      return true;
    });
    rest.from = core::prefix_end(field);
  }
  return fields;
}

}  // namespace anabranch::rows
