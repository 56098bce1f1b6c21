#include "tests/shown_values.h"

#include <anabranch/error.h>

#include "core/varint.h"
#include "crdt/expiry.h"
#include "rows/decider.h"
#include "tests/three_way.h"

namespace anabranch::test {

bool has_shown_value(const core::Path& path) {
  return !path.encoded().empty() && path.components().front() != std::string(1, '\0') &&
         !crdt::is_expiry(path);
}

ShownValues shown_values(const rows::RowReader& rows) {
  static const rows::Resolvers kFunctions({}, {three_way()});
  const rows::Decider decider(rows, kFunctions);
  ShownValues values;
  rows.scan(core::Path(), [&](const core::Path& path, const crdt::Row& row) {
    if (row.cell.siblings.empty() || !has_shown_value(path)) return true;
    try {
      values[path] = decider.value(path, row.cell).value();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kUnsupported) throw;
      values[path] = kNotShown;
    }
    return true;
  });
  return values;
}

core::Hash128 digest_of(const ShownValues& values) {
  std::string all;
  for (const auto& [path, value] : values) {
    core::put_bytes(all, path.encoded());
    core::put_bytes(all, value);
  }
  return core::digest128(all);
}

}  // namespace anabranch::test
