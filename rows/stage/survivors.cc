#include "rows/stage/survivors.h"

#include <string_view>
#include <utility>

#include "crdt/row_codec.h"
#include "crdt/type_table.h"
#include "rows/snapshot_reader.h"

namespace anabranch::rows {

using core::Path;

Survivors::Survivors(std::shared_ptr<const storage::Snapshot> snapshot,
                     const core::OriginTable& origins, const Masks& masks, Path prefix,
                     const core::VersionVector& context)
    : snapshot_(std::move(snapshot)),
      origins_(origins),
      masks_(masks.with(prefix, context, false)),
      prefix_(std::move(prefix)),
      counted_(Path::trusted(counted_part(prefix_.encoded()))),
      context_(context),
      keys_end_(std::make_unique<const std::string>(core::PathRange::below(counted_).to_key())),
      cursor_(snapshot_->scan(
          storage::Table::kRows,
          {.from = core::PathRange::below(counted_).from_key(), .to = *keys_end_})) {}

// What a clear hides a later one of the same batch hides, too; not what is beside a deep prefix.
bool Survivors::fits(const Path& prefix, const core::VersionVector& context,
                     const Masks& masks) const {
  return prefix_ == prefix && context_ == context &&
         (counted_ == prefix_ || masks_.last_id() == masks.last_id());
}

bool Survivors::look(std::size_t& rows) {
  for (; cursor_->valid(); cursor_->next()) {
    if (rows == 0) return false;
    --rows;
    crdt::StoredRow stored = crdt::decode_row(cursor_->value(), origins_).value_or_raise();
    // Nearly all rows end here: no value survives.
    if (counted_ == prefix_) stored.row.cell.forget(context_);
    if (!stored.row.present()) continue;
    const Path path = path_at(cursor_->key(), stored.path);
    if (!inside(path)) continue;
    masks_.hide(path, stored.row);
    if (prefix_.is_prefix_of(path)) left_.note_left(stored.row);
    if (!crdt::shows(path, stored.row)) continue;
    at_ = cursor_->key();
    count_presence(path, true, *this);
    at_.push_back('\0');
  }
  return true;
}

bool Survivors::take_in(const Mask& mask) {
  const bool above = mask.prefix.is_prefix_of(counted_);
  if (above || inside(mask.prefix)) {
    if (!mask.tallies || (!above && is_deep(mask.prefix))) return false;
    if (!above) count_prefix(mask.prefix, false, *this);
    std::erase_if(counts_,
                  [&](const auto& each) { return above || mask.prefix.is_prefix_of(each.first); });
  }
  masks_ = masks_.with(mask.prefix, mask.context, mask.tallies);
  return true;
}

bool Survivors::was_left(const Path& path) const {
  const auto bytes = snapshot_->get(storage::Table::kRows, core::row_key(path));
  if (!bytes) return false;
  crdt::Row row = crdt::decode_row(*bytes, origins_).value_or_raise().row;
  masks_.hide(path, row);
  return crdt::shows(path, row);
}

std::uint64_t Survivors::count(const Path& collection) const {
  if (!sets(collection)) return 1;
  const auto found = counts_.find(collection);
  return found == counts_.end() ? 0 : found->second;
}

void Survivors::set_count(const Path& collection, std::uint64_t count) {
  if (sets(collection)) counts_[collection] = count;
}

// Rows are counted in the order of their keys: later rows do not count yet.
bool Survivors::row_present(const Path& row) const {
  return !inside(row) || (core::row_key(row) < at_ && was_left(row));
}

// A table in which the changed rows are counted again, one after another.
class Survivors::Correction final : public CountTable {
 public:
  Correction(CountTable& table, const Survivors& survivors)
      : table_(table), survivors_(survivors), waiting_(survivors.changed_) {}

  void correct() {
    while (!waiting_.empty()) {
      const Path path = waiting_.extract(waiting_.begin()).value();
      const bool now = table_.row_present(path);
      if (survivors_.was_left(path) != now) count_presence(path, now, *this);
    }
  }

 private:
  [[nodiscard]] std::uint64_t count(const Path& collection) const override {
    return survivors_.sets(collection) ? table_.count(collection) : 1;
  }
  void set_count(const Path& collection, std::uint64_t count) override {
    if (survivors_.sets(collection)) table_.set_count(collection, count);
  }
  [[nodiscard]] bool row_present(const Path& row) const override {
    if (!survivors_.inside(row)) return true;
    return waiting_.contains(row) ? survivors_.was_left(row) : table_.row_present(row);
  }

  CountTable& table_;
  const Survivors& survivors_;
  std::set<Path> waiting_;
};

void Survivors::count_in(CountTable& table) const {
  for (const auto& [collection, count] : counts_) {
    if (count > 0) table.set_count(collection, count);
  }
  Correction(table, *this).correct();
  count_prefix(counted_, true, table);
}

}  // namespace anabranch::rows
