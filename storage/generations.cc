#include "storage/generations.h"

#include <algorithm>

namespace anabranch::storage {

namespace {

// The names of the first two generations are those that the tables have where no engine is.
constexpr std::array<std::array<Table, kSwappedTables.size()>, kGenerationCount> kStored{
    {{Table::kRows, Table::kCounts, Table::kExpiries, Table::kScores},
     {Table::kNextRows, Table::kNextCounts, Table::kNextExpiries, Table::kNextScores},
     {Table::kThirdRows, Table::kThirdCounts, Table::kThirdExpiries, Table::kThirdScores}}};

}  // namespace

std::optional<Table> stored_table(Table table, const Generations& generations) {
  for (std::size_t i = 0; i < kSwappedTables.size(); ++i) {
    if (table == kSwappedTables[i].current) return kStored.at(generations.current)[i];
    if (table != kSwappedTables[i].next) continue;
    if (!generations.next) return std::nullopt;
    return kStored.at(*generations.next)[i];
  }
  return table;
}

std::array<Table, kSwappedTables.size()> stored_tables(Generation generation) {
  return kStored.at(generation);
}

std::optional<Generation> generation_of(Table stored) {
  for (Generation each = 0; each < kGenerationCount; ++each) {
    if (std::ranges::count(kStored[each], stored) > 0) return each;
  }
  return std::nullopt;
}

bool is_next_table(Table table) {
  return std::ranges::any_of(kSwappedTables,
                             [&](const TablePair& pair) { return pair.next == table; });
}

}  // namespace anabranch::storage
