#include "storage/overlay/layered_tables.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "core/planted_bug.h"
#include "storage/overlay/merged_cursor.h"
#include "storage/overlay/overlay_cursor.h"
#include "storage/overlay/overlay_key.h"

namespace anabranch::storage {

namespace {

// A flush takes as long as passing so many removed keys, about, and so many for each change.
constexpr std::uint64_t kPassedPerFlush = 250'000;
constexpr std::uint64_t kPassedPerChange = 100;

class EmptyCursor final : public Cursor {
 public:
  [[nodiscard]] bool valid() const override { return false; }
  [[nodiscard]] std::string_view key() const override { return {}; }
  [[nodiscard]] std::string_view value() const override { return {}; }
  void next() override {}
};

}  // namespace

struct LayeredTables::Layers {
  Versions<Version>::Held version;
  std::unique_ptr<Snapshot> base;
};

class LayeredTables::LayeredSnapshot final : public Snapshot {
 public:
  LayeredSnapshot(Layers layers, std::atomic<std::uint64_t>& passed)
      : version_(std::move(layers.version)), base_(std::move(layers.base)), passed_(passed) {}

  [[nodiscard]] std::optional<std::string_view> get(Table table,
                                                    std::string_view key) const override {
    const auto stored = stored_table(table, version_->generations);
    if (!stored) return std::nullopt;
    const OverlayKey whole(*stored, key);
    for (const OverlayRoot layer : {version_->active, version_->frozen}) {
      if (core::planted(core::Bug::kForgetFrozen) && version_->flushing) break;
      if (const OverlayEntry* const entry = layer.find(whole)) return entry->value();
    }
    return base_->get(*stored, key);
  }

  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, const KeyRange& range) const override {
    const auto stored = stored_table(table, version_->generations);
    if (!stored) return std::make_unique<EmptyCursor>();
    std::vector<OverlayCursor> overlays;
    for (const OverlayRoot layer : {version_->active, version_->frozen}) {
      if (layer.node() != nullptr) overlays.emplace_back(layer, *stored, range);
    }
    return std::make_unique<MergedCursor>(std::move(overlays), base_->scan(*stored, range), range,
                                          passed_);
  }

  // The least one of the layers, where none of them is asked whether another one has removed it.
  [[nodiscard]] std::string_view first_key(Table table, std::string_view from,
                                           std::string_view to) const override {
    const auto stored = stored_table(table, version_->generations);
    if (!stored) return {};
    std::string_view least = base_->first_key(*stored, from, to);
    for (const OverlayRoot layer : {version_->active, version_->frozen}) {
      const OverlayEntry* const entry = layer.at_or_after(OverlayKey(*stored, from));
      if (entry == nullptr || entry->key().front() != static_cast<char>(*stored)) continue;
      const std::string_view key = entry->key().substr(1);
      if (least.empty() || key < least) least = key;
    }
    return KeyRange{from, to}.is_left_at(least) ? std::string_view() : least;
  }

  // Counts them: the layers do not know how many of their keys another one has, too.
  [[nodiscard]] std::uint64_t size(Table table) const override {
    std::uint64_t counted = 0;
    for (auto at = scan(table, {}); at->valid(); at->next()) {
      if (++counted > kSizeCounted) return std::max(counted, base_->size(table));
    }
    return counted;
  }

 private:
  const Versions<Version>::Held version_;
  const std::unique_ptr<Snapshot> base_;
  std::atomic<std::uint64_t>& passed_;
};

LayeredTables::LayeredTables(TablesBelow& base)
    : base_(base), active_(std::make_unique<OverlayTree>()) {
  active_first_ = next_version();
}

LayeredTables::~LayeredTables() = default;

// A base that a later flush has begun to change may lack what this version has, or have what it
// lacks; one that has any part of the version's own frozen changes is right.
LayeredTables::Layers LayeredTables::layers() const {
  for (;;) {
    auto version = versions_.hold();
    auto base = base_.tables();
    const std::uint64_t fits = version->flushes + (version->flushing ? 1 : 0);
    if (begun_.load() > fits) continue;  // There is a newer version.
    return {std::move(version), std::move(base)};
  }
}

LayeredTables::Published LayeredTables::published() const {
  Layers layers = this->layers();
  const std::uint64_t mark = layers.version->mark;
  return {std::make_unique<LayeredSnapshot>(std::move(layers), passed_), mark};
}

// ---- Generations.

void LayeredTables::begin(const Generations& generations) {
  const auto base = base_.tables();
  {
    const std::lock_guard lock(mutex_);
    for (Generation each = 0; each < kGenerationCount; ++each) {
      used_.at(each) = std::ranges::any_of(stored_tables(each),
                                           [&](Table table) { return base->size(table) > 0; });
    }
  }
  switch_to(generations);
}

void LayeredTables::switch_to(const Generations& generations) {
  const std::lock_guard lock(mutex_);
  generations_ = generations;
  used_.at(generations.current) = true;
  if (generations.next) used_.at(*generations.next) = true;
}

std::optional<Generation> LayeredTables::free_generation() const {
  const std::lock_guard lock(mutex_);
  for (Generation each = 0; each < kGenerationCount; ++each) {
    const bool used = used_.at(each) && !core::planted(core::Bug::kReuseGeneration);
    if (!used && !generations_.has(each)) return each;
  }
  return std::nullopt;
}

bool LayeredTables::has_old() const {
  const std::lock_guard lock(mutex_);
  for (Generation each = 0; each < kGenerationCount; ++each) {
    if (is_old(each) && std::ranges::count(dropped_, each) == 0) return true;
  }
  return false;
}

bool LayeredTables::is_old(Generation generation) const {
  return used_.at(generation) && !generations_.has(generation);
}

// ---- Writing.

void LayeredTables::put(Table table, std::string_view key, std::optional<std::string_view> value) {
  const auto stored = stored_table(table, generations_);
  ANABRANCH_ASSERT(stored);
  active_->put(OverlayKey(*stored, key), value);
}

void LayeredTables::publish(std::uint64_t mark) {
  const std::lock_guard lock(mutex_);
  mark_ = mark;
  shown_generations_ = generations_;
  shown_ = active_->publish(next_version());
  publish_layers();
  // A reader of a version before the tree's first one has none of its pieces, however old it is.
  active_->reclaim(core::planted(core::Bug::kForgetReaders) ? versions_.number()
                                                            : versions_.oldest(active_first_));
  note_active();
}

void LayeredTables::publish_layers() {
  versions_.publish({shown_, frozen_root_, flushing_, flushes_, shown_generations_, mark_});
}

void LayeredTables::note_active() {
  active_used_ = active_->used();
  active_allocated_ = active_->allocated();
}

bool LayeredTables::walks_are_slow() const {
  const std::uint64_t passed = passed_.load(std::memory_order_relaxed);
  return passed > kPassedPerFlush + kPassedPerChange * active_->keys();
}

bool LayeredTables::freeze() {
  const std::lock_guard lock(mutex_);
  if (flushing_) return false;
  ANABRANCH_ASSERT(active_->newest().node() == shown_.node());
  ANABRANCH_ASSERT(generations_ == shown_generations_);
  for (Generation each = 0; each < kGenerationCount; ++each) {
    if (is_old(each)) dropped_.push_back(each);
  }
  frozen_ = std::exchange(active_, std::make_unique<OverlayTree>());
  frozen_root_ = std::exchange(shown_, OverlayRoot());
  flushing_ = true;
  frozen_first_ = active_first_;
  note_active();
  publish_layers();
  active_first_ = next_version();
  return true;
}

// ---- Flushing.

// The frozen changes in the order of keys, a slice after the other.
class LayeredTables::Slices {
 public:
  // Leaves out the tables of dropped generations.
  Slices(OverlayRoot frozen, const std::vector<Generation>& dropped)
      : frozen_(frozen), dropped_(dropped) {
    enter();
    skip_ends();
  }

  // Takes the changes of the next slice, views of the overlay; returns whether it is the last.
  bool take(std::vector<ChangeView>& changes, const SliceLimit& limit) {
    bytes_ = 0;
    while (at_ && bytes_ < limit.bytes && changes.size() < limit.changes) {
      ChangeView& change = changes.emplace_back(ChangeView{table(), at_->key(), std::nullopt});
      if (!at_->removed()) change.value = at_->value();
      bytes_ += at_->key().size() + at_->value().size();
      at_->next();
      skip_ends();
    }
    return !at_;
  }
  // The bytes of the slice that was taken last.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  [[nodiscard]] Table table() const { return static_cast<Table>(table_); }
  // Begins with the table, or the next one that is not dropped.
  void enter() {
    while (table_ < kStoredTableCount && is_dropped()) ++table_;
    if (table_ < kStoredTableCount) at_.emplace(frozen_, table(), KeyRange{});
  }
  [[nodiscard]] bool is_dropped() const {
    const auto generation = generation_of(table());
    return generation && std::ranges::count(dropped_, *generation) > 0;
  }
  // At the end of a table, goes to the next one that has changes.
  void skip_ends() {
    while (at_ && !at_->valid()) {
      at_.reset();
      ++table_;
      enter();
    }
  }

  const OverlayRoot frozen_;
  const std::vector<Generation> dropped_;
  std::size_t table_ = 0;
  std::uint64_t bytes_ = 0;
  std::optional<OverlayCursor> at_;  // Nothing at the end.
};

core::Result<void> LayeredTables::flush(std::string_view reach, const SliceLimit& limit) {
  for (;;) {
    const auto last = flush_slice(reach, limit);
    if (!last.ok()) return last.failure();
    if (last.value()) return {};
  }
}

core::Result<bool> LayeredTables::flush_slice(std::string_view reach, const SliceLimit& limit,
                                              std::string_view begun) {
  ANABRANCH_ASSERT(flushing_);
  std::optional<ReachNote> begins;
  if (!slices_) {
    if (!begun.empty()) begins = ReachNote{begun};
    begun_.store(flushes_ + 1);
    slices_ = std::make_unique<Slices>(frozen_root_, dropped_);
  }
  std::vector<ChangeView> changes;
  const bool last = slices_->take(changes, limit);
  const std::uint64_t bytes = slices_->bytes();
  count_slice();
  const bool notes = last || core::planted(core::Bug::kNoteReachEarly);
  const auto written = notes ? write_last(changes, reach) : base_.apply(changes, begins);
  if (last || !written.ok()) slices_.reset();
  if (!written.ok()) {
    begin_anew();
    return written.failure();
  }
  if (last) {
    end_flush();
  } else {
    count_slice(bytes);
  }
  return last;
}

// The slices begin anew: none of them counts as written.
void LayeredTables::begin_anew() {
  const std::lock_guard lock(mutex_);
  ++slice_;
  written_ = 0;
}

void LayeredTables::count_slice(std::uint64_t written) {
  const std::lock_guard lock(mutex_);
  ++slice_;
  written_ += written;
}

core::Result<void> LayeredTables::write_last(std::span<const ChangeView> changes,
                                             std::string_view reach) {
  std::vector<Table> emptied;
  for (const Generation each : dropped_) {
    std::ranges::copy(stored_tables(each), std::back_inserter(emptied));
  }
  return base_.apply(changes, ReachNote{reach, emptied});
}

void LayeredTables::end_flush() {
  const std::lock_guard lock(mutex_);
  ++flushes_;
  frozen_root_ = OverlayRoot();
  written_ = 0;
  ++slice_;
  passed_ = 0;
  flushing_ = false;
  for (const Generation each : dropped_) used_.at(each) = false;
  dropped_.clear();
  publish_layers();
  flushed_version_ = versions_.number();
  flushed_.push_back({std::move(frozen_), frozen_first_, flushed_version_});
}

std::deque<LayeredTables::Flushed>::iterator LayeredTables::unread() {
  return std::ranges::find_if(
      flushed_, [&](const Flushed& each) { return versions_.oldest(each.first) >= each.version; });
}

bool LayeredTables::release(std::size_t chunks) {
  std::unique_lock lock(mutex_);
  const auto found = unread();
  if (found == flushed_.end()) return false;
  Flushed flushed = std::move(*found);
  flushed_.erase(found);
  lock.unlock();
  const bool more = flushed.tree->release(chunks);
  lock.lock();
  if (more) flushed_.push_front(std::move(flushed));
  return unread() != flushed_.end();
}

bool LayeredTables::has_flushed() const {
  const std::lock_guard lock(mutex_);
  return !flushed_.empty();
}

LayeredTables::Unflushed LayeredTables::unflushed() const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t frozen = frozen_ ? frozen_->used() : 0;
  return {active_used_ + frozen - std::min(frozen, written_), slice_};
}

bool LayeredTables::is_read_before_flush() const {
  const std::lock_guard lock(mutex_);
  return versions_.oldest() < flushed_version_;
}

ReadStates LayeredTables::read_states() const {
  const std::lock_guard lock(mutex_);
  return {.newest = versions_.number(), .oldest = versions_.oldest()};
}

std::uint64_t LayeredTables::allocated() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = active_allocated_ + (frozen_ ? frozen_->allocated() : 0);
  for (const Flushed& each : flushed_) bytes += each.tree->allocated();
  return bytes;
}

}  // namespace anabranch::storage
