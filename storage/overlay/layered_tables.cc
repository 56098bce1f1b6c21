#include "storage/overlay/layered_tables.h"

#include <string>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "core/planted_bug.h"
#include "storage/overlay/merged_cursor.h"
#include "storage/overlay/overlay_cursor.h"

namespace anabranch::storage {

class LayeredTables::LayeredSnapshot final : public Snapshot {
 public:
  LayeredSnapshot(Versions<Version>::Held version, std::unique_ptr<Snapshot> base)
      : version_(std::move(version)), base_(std::move(base)) {}

  [[nodiscard]] std::optional<std::string_view> get(Table table,
                                                    std::string_view key) const override {
    const std::string whole = overlay_key(table, key);
    for (const OverlayRoot layer : {version_->active, version_->frozen}) {
      if (core::planted(core::Bug::kForgetFrozen) && version_->flushing) break;
      if (const OverlayEntry* const entry = layer.find(whole)) return entry->value();
    }
    return base_->get(table, key);
  }

  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, std::string_view from,
                                             Direction direction) const override {
    std::vector<OverlayCursor> overlays;
    for (const OverlayRoot layer : {version_->active, version_->frozen}) {
      if (layer.node() != nullptr) overlays.emplace_back(layer, table, from, direction);
    }
    return std::make_unique<MergedCursor>(std::move(overlays), base_->scan(table, from, direction),
                                          direction);
  }

  // Counts them: the layers do not know how many of their keys another one has, too.
  [[nodiscard]] std::uint64_t size(Table table) const override {
    std::uint64_t size = 0;
    for (auto at = scan(table, "", Direction::kForward); at->valid(); at->next()) ++size;
    return size;
  }

 private:
  const Versions<Version>::Held version_;
  const std::unique_ptr<Snapshot> base_;
};

LayeredTables::LayeredTables(Base& base) : base_(base), active_(std::make_unique<OverlayTree>()) {}

LayeredTables::~LayeredTables() = default;

// A base that a later flush has begun to change may lack what this version has, or have what it
// lacks; one that has any part of the version's own frozen changes is right.
LayeredTables::Published LayeredTables::published() const {
  for (;;) {
    auto version = versions_.hold();
    auto base = base_.snapshot();
    const std::uint64_t fits = version->flushes + (version->flushing ? 1 : 0);
    if (begun_.load() > fits) continue;  // There is a newer version.
    const std::uint64_t mark = version->mark;
    return {std::make_unique<LayeredSnapshot>(std::move(version), std::move(base)), mark};
  }
}

// ---- Writing.

void LayeredTables::put(Table table, std::string_view key, std::optional<std::string_view> value) {
  active_->put(overlay_key(table, key), value);
}

void LayeredTables::publish(std::uint64_t mark) {
  const std::lock_guard lock(mutex_);
  mark_ = mark;
  shown_ = active_->publish(versions_.number() + 1);
  publish_layers();
  active_->reclaim(versions_.oldest());
}

void LayeredTables::publish_layers() {
  versions_.publish({shown_, frozen_root_, flushing_, flushes_, mark_});
}

bool LayeredTables::freeze() {
  const std::lock_guard lock(mutex_);
  if (flushing_) return false;
  ANABRANCH_ASSERT(active_->newest().node() == shown_.node());
  frozen_ = std::exchange(active_, std::make_unique<OverlayTree>());
  frozen_root_ = std::exchange(shown_, OverlayRoot());
  flushing_ = true;
  publish_layers();
  return true;
}

// ---- Flushing.

// The frozen changes in the order of keys, a slice after the other.
class LayeredTables::Slices {
 public:
  explicit Slices(OverlayRoot frozen) : frozen_(frozen) {
    enter();
    skip_ends();
  }

  // Takes the changes of the next slice; returns whether it is the last.
  bool take(std::vector<Change>& changes, std::uint64_t bytes_max) {
    for (std::uint64_t bytes = 0; at_ && bytes < bytes_max;) {
      Change& change = changes.emplace_back(Change{table(), std::string(at_->key()), std::nullopt});
      if (!at_->removed()) change.value = std::string(at_->value());
      bytes += at_->key().size() + at_->value().size();
      at_->next();
      skip_ends();
    }
    return !at_;
  }

 private:
  [[nodiscard]] Table table() const { return static_cast<Table>(table_); }
  void enter() { at_.emplace(frozen_, table(), "", Direction::kForward); }
  // At the end of a table, goes to the next one that has changes.
  void skip_ends() {
    while (at_ && !at_->valid()) {
      at_.reset();
      if (++table_ < kTableCount) enter();
    }
  }

  const OverlayRoot frozen_;
  std::size_t table_ = 0;
  std::optional<OverlayCursor> at_;  // Nothing at the end.
};

core::Result<void> LayeredTables::flush(std::string_view reach, std::uint64_t slice_bytes) {
  for (;;) {
    const auto last = flush_slice(reach, slice_bytes);
    if (!last.ok()) return last.failure();
    if (last.value()) return {};
  }
}

core::Result<bool> LayeredTables::flush_slice(std::string_view reach, std::uint64_t slice_bytes) {
  ANABRANCH_ASSERT(flushing_);
  if (!slices_) {
    begun_.store(flushes_ + 1);
    slices_ = std::make_unique<Slices>(frozen_root_);
  }
  std::vector<Change> changes;
  const bool last = slices_->take(changes, slice_bytes);
  const bool notes = last || core::planted(core::Bug::kNoteReachEarly);
  const auto written = base_.apply(changes, notes ? std::optional(reach) : std::nullopt);
  if (last || !written.ok()) slices_.reset();
  if (!written.ok()) return written.failure();
  if (last) end_flush();
  return last;
}

void LayeredTables::end_flush() {
  const std::lock_guard lock(mutex_);
  ++flushes_;
  frozen_root_ = OverlayRoot();
  flushing_ = false;
  publish_layers();
  flushed_.push_back({std::move(frozen_), versions_.number()});
}

bool LayeredTables::release(std::size_t chunks) {
  std::unique_lock lock(mutex_);
  const std::uint64_t oldest = versions_.oldest();
  if (flushed_.empty() || flushed_.front().version > oldest) return false;
  Flushed flushed = std::move(flushed_.front());
  flushed_.pop_front();
  lock.unlock();
  const bool more = flushed.tree->release(chunks);
  lock.lock();
  if (more) flushed_.push_front(std::move(flushed));
  return more || !flushed_.empty();
}

std::uint64_t LayeredTables::other_bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = frozen_ ? frozen_->allocated() : 0;
  for (const Flushed& each : flushed_) bytes += each.tree->allocated();
  return bytes;
}

}  // namespace anabranch::storage
