#include "storage/lmdb_snapshot.h"

#include "core/assert.h"
#include "storage/lmdb_log.h"

namespace anabranch::storage {
namespace {

LmdbTable handle(const LmdbRowTables::Handles& tables, Table table) {
  return tables[static_cast<std::size_t>(table)];
}

class SnapshotCursor final : public Cursor {
 public:
  SnapshotCursor(LmdbCursor cursor, std::string_view from, Direction direction)
      : cursor_(std::move(cursor)), direction_(direction) {
    if (direction == Direction::kForward) {
      entry_ = readable(from.empty() ? cursor_.first() : cursor_.at_or_after(from));
    } else {
      entry_ = readable(from.empty() ? cursor_.last() : cursor_.before(from));
    }
  }

  [[nodiscard]] bool valid() const override { return entry_.has_value(); }

  [[nodiscard]] std::string_view key() const override {
    ANABRANCH_ASSERT(valid());
    return entry_->key;
  }

  [[nodiscard]] std::string_view value() const override {
    ANABRANCH_ASSERT(valid());
    return entry_->value;
  }

  void next() override {
    ANABRANCH_ASSERT(valid());
    entry_ = readable(direction_ == Direction::kForward ? cursor_.next() : cursor_.previous());
  }

 private:
  LmdbCursor cursor_;
  Direction direction_;
  std::optional<LmdbEntry> entry_;
};

}  // namespace

std::optional<std::string_view> LmdbSnapshot::get(Table table, std::string_view key) const {
  if (key.empty() || key.size() > kKeySizeMax) return std::nullopt;
  return readable(lease_.txn().get(handle(tables_, table), key));
}

std::unique_ptr<Cursor> LmdbSnapshot::scan(Table table, std::string_view from,
                                           Direction direction) const {
  LmdbCursor cursor = readable(LmdbCursor::open(lease_.txn(), handle(tables_, table)));
  return std::make_unique<SnapshotCursor>(std::move(cursor), from, direction);
}

std::uint64_t LmdbSnapshot::size(Table table) const {
  return readable(lease_.txn().entries(handle(tables_, table)));
}

std::optional<StoredRecord> LmdbSnapshot::read_log(Position position) const {
  return readable(read_from_log(lease_.txn(), directory_, position));
}

Position LmdbSnapshot::last_position() const {
  return readable(last_in_log(lease_.txn(), directory_));
}

}  // namespace anabranch::storage
