#include "rows/stage/deep_counts.h"

#include <optional>
#include <string>
#include <utility>

#include "rows/recount.h"

namespace anabranch::rows {

namespace {

using core::Path;
using storage::Table;

constexpr std::size_t kChangesAtOnce = 10'000;

// Makes changes in commits of a bounded size.
class Writer {
 public:
  explicit Writer(storage::Storage& storage) : storage_(storage) {}

  [[nodiscard]] storage::Changes& changes() { return changes_; }
  [[nodiscard]] bool full() const { return changes_.size() >= kChangesAtOnce; }
  core::Result<void> commit() {
    if (changes_.empty()) return {};
    const auto done = storage_.commit({}, std::exchange(changes_, {}));
    return done.ok() ? core::Result<void>() : done.failure();
  }

 private:
  storage::Storage& storage_;
  storage::Changes changes_;
};

core::Result<void> count_rows(storage::Storage& storage, const SnapshotReader& rows) {
  Writer writer(storage);
  core::Result<void> done;
  const std::uint64_t stamp = rows.masks()->last_id();
  Recount recount([&](const Path& collection, std::uint64_t count) {
    if (!is_counted_level(collection)) return;
    writer.changes().put(Table::kCounts, core::row_key(collection),
                         encode_count(collection, {count, stamp}));
    if (done.ok() && writer.full()) done = writer.commit();
  });
  rows.scan(Path(), [&](const Path& path, const crdt::Row& row) {
    if (is_deep(path) && crdt::shows(path, row)) recount.add(path);
    return done.ok();
  });
  recount.finish();
  return done.ok() ? writer.commit() : done;
}

// Removes counts of deep maps from a key on. Returns the key of the first that is left over.
std::optional<std::string> remove_some(const storage::Snapshot& snapshot, const std::string& from,
                                       Writer& writer) {
  const auto cursor = snapshot.scan(Table::kCounts, {.from = from});
  for (; cursor->valid(); cursor->next()) {
    if (writer.full()) return std::string(cursor->key());
    const Path collection = counted_at(cursor->key(), cursor->value());
    if (is_deep_map(collection)) writer.changes().remove(Table::kCounts, cursor->key());
  }
  return std::nullopt;
}

}  // namespace

bool has_deep_counts(const storage::Snapshot& snapshot) {
  const auto cursor = snapshot.scan(Table::kCounts, {});
  for (; cursor->valid(); cursor->next()) {
    const std::string_view key = cursor->key();
    if (key.size() <= kCountedDepth * 2) continue;
    if (core::is_hashed_key(key) ? is_deep(counted_at(key, cursor->value()))
                                 : is_deep(Path::trusted(key))) {
      return true;
    }
  }
  return false;
}

core::Result<void> count_deep_rows(storage::Storage& storage, const core::OriginTable& origins,
                                   const std::shared_ptr<const Masks>& masks,
                                   const TakeSnapshot& take_snapshot) {
  const SnapshotReader rows(take_snapshot(), origins, masks);
  if (auto counted = count_rows(storage, rows); !counted.ok()) return counted;
  Writer writer(storage);
  for (std::optional<std::string> from = std::string(); from;) {
    from = remove_some(*take_snapshot(), *from, writer);
    if (auto removed = writer.commit(); !removed.ok()) return removed;
  }
  return {};
}

}  // namespace anabranch::rows
