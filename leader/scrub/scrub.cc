#include "leader/scrub/scrub.h"

#include <anabranch/error.h>

#include <array>
#include <memory>

#include "storage/layout.h"

namespace anabranch::leader {

using storage::Table;

namespace {

// The next tables are either empty or being made.
constexpr std::array kTables{Table::kMeta,     Table::kRows,   Table::kCounts,
                             Table::kExpiries, Table::kScores, Table::kConflicts};

}  // namespace

const char* part_name(const ScrubPlace& place) {
  return place.part < kTables.size() ? storage::table_name(kTables.at(place.part)) : "log";
}

std::uint64_t Scrub::total() const {
  const auto snapshot = storage_.snapshot();
  std::uint64_t total = 0;
  for (const Table table : kTables) total += snapshot->size(table);
  const auto first = log_.read_log(1);
  return first ? total + log_.last_position() - first->position + 1 : total;
}

bool Scrub::slice() { return place_.part < kTables.size() ? read_table() : read_log(); }

bool Scrub::read_table() {
  const auto snapshot = storage_.snapshot();
  const std::string from = place_.key.empty() ? std::string() : place_.key + '\0';
  const auto cursor = snapshot->scan(kTables.at(place_.part), {.from = from});
  std::size_t bytes = 0;
  for (std::uint64_t entries = 0; cursor->valid(); cursor->next()) {
    if (entries == kEntriesMax || bytes >= kBytesMax) return true;
    place_.key = cursor->key();
    try {
      bytes += cursor->key().size() + cursor->value().size();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt) throw;
      ++damaged_;
    }
    ++entries;
    ++place_.done;
  }
  ++place_.part;
  place_.key.clear();
  place_.position = 1;
  return true;
}

bool Scrub::read_log() {
  std::size_t bytes = 0;
  for (std::uint64_t entries = 0; entries < kEntriesMax && bytes < kBytesMax; ++entries) {
    const auto record = log_.read_log(place_.position);
    if (!record) return false;
    bytes += record->bytes.size();
    place_.position = record->position + 1;
    ++place_.done;
  }
  return true;
}

}  // namespace anabranch::leader
