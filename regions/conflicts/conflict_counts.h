// Figures of the conflict log.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/result.h"
#include "rows/conflicts/conflict_entry.h"

namespace anabranch::regions {

// The stored figures, over the life of the directory.
struct ConflictFigures {
  std::uint64_t next = 1;          // The number of the next entry.
  std::uint64_t entries = 0;       // In the log.
  std::uint64_t bytes = 0;         // Of these entries and their keys.
  std::uint64_t dropped_full = 0;  // Entries dropped since the log had reached its size,
  std::uint64_t dropped_old = 0;   // or since they had reached the age.
  bool operator==(const ConflictFigures&) const = default;
};

std::string encode_figures(const ConflictFigures& figures);
core::Result<ConflictFigures> decode_figures(std::string_view bytes);

// How many conflicts each policy has met since this leader began, by policy and prefix. Beyond
// kRowsMax rows, others are counted in one with the policy "others".
class ConflictCounts {
 public:
  static constexpr std::size_t kRowsMax = 100;

  struct Row {
    std::uint64_t met = 0;
    std::uint64_t replaced = 0;  // Or put back.
    std::uint64_t hidden = 0;
    std::uint64_t doomed = 0;
    bool operator==(const Row&) const = default;
  };
  struct Rule {
    std::string policy;
    std::string prefix;
    auto operator<=>(const Rule&) const = default;
  };

  void count(const rows::ConflictEntry& entry);
  [[nodiscard]] const std::map<Rule, Row>& rows() const { return rows_; }

 private:
  std::map<Rule, Row> rows_;
};

}  // namespace anabranch::regions
