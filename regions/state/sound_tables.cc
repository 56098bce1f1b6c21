#include "regions/state/sound_tables.h"

#include <anabranch/error.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "rows/snapshot_reader.h"

namespace anabranch::regions {

using storage::Cursor;
using storage::KeyRange;
using storage::Table;

namespace {

class SoundCursor final : public Cursor {
 public:
  SoundCursor(std::unique_ptr<Cursor> all, Table table, const SoundTables::Tell& tell)
      : all_(std::move(all)), table_(table), tell_(tell) {
    pass_damage();
  }

  [[nodiscard]] bool valid() const override { return all_->valid(); }
  [[nodiscard]] std::string_view key() const override { return all_->key(); }
  [[nodiscard]] std::string_view value() const override { return value_; }
  void next() override {
    all_->next();
    pass_damage();
  }

 private:
  void pass_damage() {
    for (; all_->valid(); all_->next()) {
      try {
        value_ = all_->value();
        return;
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kCorrupt) throw;
        tell_(table_, all_->key());
      }
    }
  }

  const std::unique_ptr<Cursor> all_;
  const Table table_;
  const SoundTables::Tell& tell_;
  std::string_view value_;
};

// The value of a damaged count: something was counted there, and no count of less than there is may
// be met. No large clear voids it.
std::string_view many() {
  static const auto* const bytes = new std::string(
      rows::encode_count({}, {std::uint64_t{1} << 40U, std::numeric_limits<std::uint64_t>::max()}));
  return *bytes;
}

}  // namespace

std::optional<std::string_view> SoundTables::get(Table table, std::string_view key) const {
  try {
    return all_->get(table, key);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorrupt) throw;
    tell_(table, key);
    if (table == Table::kCounts) return many();
    return std::nullopt;
  }
}

std::unique_ptr<Cursor> SoundTables::scan(Table table, const KeyRange& range) const {
  return std::make_unique<SoundCursor>(all_->scan(table, range), table, tell_);
}

}  // namespace anabranch::regions
