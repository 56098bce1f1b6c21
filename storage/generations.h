// The generations of rows, and of the tables derived from them. They are stored three times: one
// generation is the current one, another one may be the next one, and a third is old until it is
// emptied, or empty. So a swap moves nothing, and waits for nothing to be emptied.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "storage/layout.h"

namespace anabranch::storage {

using Generation = std::uint8_t;
inline constexpr Generation kGenerationCount = 3;

struct Generations {
  Generation current = 0;
  std::optional<Generation> next = std::nullopt;  // Absent: the next tables are empty.

  [[nodiscard]] bool has(Generation generation) const {
    return generation == current || generation == next;
  }
  bool operator==(const Generations&) const = default;
};

// Returns the stored name of a table. Tables without generations have their own;
// nullopt for a next table while there is no next generation.
std::optional<Table> stored_table(Table table, const Generations& generations);

// Returns the stored names of the tables of a generation.
std::array<Table, kSwappedTables.size()> stored_tables(Generation generation);
// Returns the generation of a table that is stored under that name; nullopt for one without.
std::optional<Generation> generation_of(Table stored);

// Whether the table is one of the next ones.
bool is_next_table(Table table);

}  // namespace anabranch::storage
