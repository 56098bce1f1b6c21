#include "storage/lmdb_snapshot.h"

#include "core/assert.h"

namespace anabranch::storage {
namespace {

LmdbTable handle(const LmdbSnapshot::Handles& tables, Table table) {
  return tables[static_cast<std::size_t>(table)];
}

class SnapshotCursor final : public Cursor {
 public:
  SnapshotCursor(LmdbCursor cursor, Table table, const KeyRange& range, const LmdbTxn& txn,
                 const SealedValues* values)
      : cursor_(std::move(cursor)), table_(table), range_(range), txn_(txn), values_(values) {
    const auto& [from, to, direction] = range;
    if (direction == Direction::kForward) {
      look(from.empty() ? cursor_.first() : cursor_.at_or_after(from));
    } else {
      look(to.empty() ? cursor_.last() : cursor_.before(to));
    }
  }

  [[nodiscard]] bool valid() const override { return entry_.has_value(); }

  [[nodiscard]] std::string_view key() const override {
    ANABRANCH_ASSERT(valid());
    return entry_->key;
  }

  [[nodiscard]] std::string_view value() const override {
    ANABRANCH_ASSERT(valid());
    return values_ ? values_->open({table_, entry_->key}, entry_->value, txn_) : entry_->value;
  }

  void next() override {
    ANABRANCH_ASSERT(valid());
    look(range_.direction == Direction::kForward ? cursor_.next() : cursor_.previous());
  }

 private:
  void look(LmdbFound<LmdbEntry> found) {
    entry_ = readable(std::move(found));
    if (entry_ && range_.is_left_at(entry_->key)) entry_.reset();
  }

  LmdbCursor cursor_;
  const Table table_;
  const KeyRange range_;
  const LmdbTxn& txn_;
  const SealedValues* const values_;
  std::optional<LmdbEntry> entry_;
};

}  // namespace

std::optional<std::string_view> LmdbSnapshot::get(Table table, std::string_view key) const {
  if (key.empty() || key.size() > kKeySizeMax) return std::nullopt;
  const auto found = readable(lease_.txn().get(handle(tables_, table), key));
  return found && values_ ? values_->open({table, key}, *found, lease_.txn()) : found;
}

std::unique_ptr<Cursor> LmdbSnapshot::scan(Table table, const KeyRange& range) const {
  LmdbCursor cursor = readable(LmdbCursor::open(lease_.txn(), handle(tables_, table)));
  return std::make_unique<SnapshotCursor>(std::move(cursor), table, range, lease_.txn(), values_);
}

std::string_view LmdbSnapshot::first_key(Table table, std::string_view from,
                                         std::string_view to) const {
  if (!first_ || first_->first != table) {
    first_.emplace(table, readable(LmdbCursor::open(lease_.txn(), handle(tables_, table))));
  }
  LmdbCursor& cursor = first_->second;
  const auto found = readable(from.empty() ? cursor.first() : cursor.at_or_after(from));
  const bool none = !found || KeyRange{from, to}.is_left_at(found->key);
  return none ? std::string_view() : found->key;
}

std::uint64_t LmdbSnapshot::size(Table table) const {
  return readable(lease_.txn().entries(handle(tables_, table)));
}

}  // namespace anabranch::storage
