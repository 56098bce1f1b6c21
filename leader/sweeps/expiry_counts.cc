#include "leader/sweeps/expiry_counts.h"

#include "rows/expiry_index.h"

namespace anabranch::leader {

using storage::Table;

ExpiryCounts count_expiries(const storage::Snapshot& snapshot) {
  ExpiryCounts counts{};
  std::uint64_t looked_at = 0;
  const auto cursor = snapshot.scan(Table::kExpiries, {});
  for (; cursor->valid() && looked_at < kExpiriesCounted; cursor->next(), ++looked_at) {
    const std::string_view row = rows::row_key_of_due(cursor->key());
    // The space of a database is the database number plus one (types/key.cc).
    const std::size_t space = row.empty() ? 0 : static_cast<unsigned char>(row.front());
    if (space > 0 && space <= counts.size()) ++counts[space - 1];
  }
  const std::uint64_t all = snapshot.size(Table::kExpiries);
  if (!cursor->valid() || looked_at == 0) return counts;
  for (std::uint64_t& count : counts) count = count * all / looked_at;
  return counts;
}

}  // namespace anabranch::leader
