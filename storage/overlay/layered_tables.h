// Tables of which the newest changes lie in memory, over a base on disk that gets them later,
// many at a time: an overlay that is written to, a frozen one that is being flushed, and the base.
//
// A flush freezes the overlay, writes it to the base in the order of keys, a part after the other,
// and drops it. What it writes is absolute: a base that has a part of it, or more than it should,
// is right again once all of it is written. So it needs no atomic commit, as long as the changes
// can be had again after a crash: a log must have them on disk before the flush.
//
// A reader holds a version of both overlays and a snapshot of the base, taken one after the other;
// `flushes` tells whether they belong together. (After the memtables of P. O'Neil et al., "The
// log-structured merge-tree", 1996, with the base in place of its levels.)
//
// Overlays and base have tables by the names under which they are stored; a version knows its
// generations (generations.h), so that readers of an older version keep theirs. A generation that
// is neither the current nor the next one when a flush begins is not written; the base empties it
// with the last of the changes, and from then on it is free: no layer has a key of it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/generations.h"
#include "storage/overlay/overlay_tree.h"
#include "storage/overlay/versions.h"
#include "storage/storage.h"
#include "storage/tables_below.h"

namespace anabranch::storage {

// The most that a slice of a flush has, about: bytes of keys and values, and changes, each of which
// may copy pages of the base.
struct SliceLimit {
  std::uint64_t bytes = std::uint64_t{16} << 20U;
  std::uint64_t changes = std::uint64_t{1} << 62U;
};

class LayeredTables {
 public:
  // The base must outlive this, and only this may change it. Without begin() its second and third
  // generation must be empty.
  explicit LayeredTables(TablesBelow& base);
  LayeredTables(const LayeredTables&) = delete;
  LayeredTables& operator=(const LayeredTables&) = delete;
  ~LayeredTables();

  struct Published {
    std::unique_ptr<Snapshot> snapshot;
    std::uint64_t mark = 0;  // That of its version.
  };
  // Returns a snapshot of the newest published changes. Any thread; it must end before this does.
  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const { return published().snapshot; }
  [[nodiscard]] Published published() const;

  // ---- For the writer alone.

  // Begins with these generations and with all that the base has; before anything else.
  void begin(const Generations& generations);
  // Makes other generations those of the next version, and of the changes from here on. But for an
  // opening, those that come in must be free.
  void switch_to(const Generations& generations);
  [[nodiscard]] const Generations& generations() const { return generations_; }
  // Returns a generation without keys in any layer; nullopt when there is none before a flush ends.
  [[nodiscard]] std::optional<Generation> free_generation() const;
  // Whether there is an old generation that a flush must begin for.
  [[nodiscard]] bool has_old() const;
  // Makes a change that is part of the next version: sets a key, or removes it. A next table must
  // have a generation.
  void put(Table table, std::string_view key, std::optional<std::string_view> value);
  // Publishes all changes since the last version. `mark`: a number for them, of the caller's.
  void publish(std::uint64_t mark = 0);
  // Returns whether there are changes that are not frozen.
  [[nodiscard]] bool has_active() const { return active_->keys() > 0; }
  // Begins a flush of all that is published, and returns true; false while one is under way. The
  // changes of no version yet must be published first.
  bool freeze();
  // Returns whether walks have passed so many removed keys since the last flush that another one,
  // which takes them away, costs less.
  [[nodiscard]] bool walks_are_slow() const;
  // The bytes allocated for changes that are not frozen.
  [[nodiscard]] std::uint64_t active_bytes() const { return active_->allocated(); }

  // ---- For one thread that flushes, which may be the writer's.

  // Whether a flush has begun and not ended.
  [[nodiscard]] bool flushing() const { return flushing_; }
  // Carries out the flush that has begun: commits the frozen changes to the base, a slice at a
  // time, and the reach with the last of them. Fails as the base does; then the changes stay
  // frozen.
  core::Result<void> flush(std::string_view reach, const SliceLimit& limit = {});
  // Commits one of these slices; returns whether it was the last. With the first one, unless it is
  // the last, the base notes `begun`, if that is not empty. After a failure the next call begins
  // with the first one again.
  core::Result<bool> flush_slice(std::string_view reach, const SliceLimit& limit = {},
                                 std::string_view begun = {});
  // Frees at most so many chunks of an overlay that was flushed and that no reader has. Returns
  // whether more could be freed.
  bool release(std::size_t chunks);
  // Whether flushed overlays are left that are not freed.
  [[nodiscard]] bool has_flushed() const;

  // ---- For any thread.

  // The changes that the base lacks.
  struct Unflushed {
    std::uint64_t bytes = 0;  // About, and fewer than are allocated.
    std::uint64_t slice = 0;  // Odd while a slice is being written, which the base may have or not.
  };
  // Returns those of published versions; those of a slice that is being written are among them.
  [[nodiscard]] Unflushed unflushed() const;
  // Whether a reader may hold a version from before the end of the last flush.
  [[nodiscard]] bool is_read_before_flush() const;
  // The numbers of the versions that there are, and of the oldest that a reader may hold.
  [[nodiscard]] ReadStates read_states() const;
  // The bytes allocated for all overlays, as of the last version.
  [[nodiscard]] std::uint64_t allocated() const;

 private:
  struct Version {
    OverlayRoot active;
    OverlayRoot frozen;
    bool flushing = false;      // Whether `frozen` is there, perhaps without a key.
    std::uint64_t flushes = 0;  // That had ended: so old is the base below.
    Generations generations = {};
    std::uint64_t mark = 0;
  };
  class LayeredSnapshot;
  struct Layers;
  class Slices;
  struct Flushed {
    std::unique_ptr<OverlayTree> tree;
    std::uint64_t first;    // The first version with the tree.
    std::uint64_t version;  // The first one without it.
  };

  // Returns a version and a state of the base that belong together.
  [[nodiscard]] Layers layers() const;
  // Publishes the layers as they are; the mutex must be held.
  void publish_layers();
  // The number of the next version.
  [[nodiscard]] std::uint64_t next_version() const { return versions_.number() + 1; }
  // Notes the size of the active overlay; the mutex must be held.
  void note_active();
  // Counts a slice that begins or ends. `written`: bytes that the base has got.
  void count_slice(std::uint64_t written = 0);
  void begin_anew();
  core::Result<void> write_last(std::span<const ChangeView> changes, std::string_view reach);
  void end_flush();
  // Returns the first flushed overlay that no reader has; the mutex must be held.
  [[nodiscard]] std::deque<Flushed>::iterator unread();
  [[nodiscard]] bool is_old(Generation generation) const;

  TablesBelow& base_;
  Generations generations_;  // Of the changes that are being made: used by the writer alone.
  std::unique_ptr<OverlayTree> active_;
  std::unique_ptr<OverlayTree> frozen_;
  std::uint64_t active_first_ = 0;  // The first version with the tree...
  std::uint64_t frozen_first_ = 0;  // ...of each.
  std::unique_ptr<Slices> slices_;  // The rest of the flush, while its thread is within it.
  Versions<Version> versions_{Version{}};
  // Of flushes, those that have begun to write to the base. Ahead of the base, never behind it.
  std::atomic<std::uint64_t> begun_{0};
  std::atomic<bool> flushing_{false};
  mutable std::atomic<std::uint64_t> passed_{0};  // Removed keys, by walks, since the last flush.
  mutable std::mutex mutex_;                      // For what both the writer and a flush change:
  std::uint64_t flushes_ = 0;                     // That have ended.
  std::uint64_t flushed_version_ = 0;             // The first one behind the last of these.
  OverlayRoot shown_;                             // The active overlay of the newest version.
  OverlayRoot frozen_root_;
  std::uint64_t active_used_ = 0;              // Of the newest version.
  std::uint64_t active_allocated_ = 0;         // Of the newest version.
  std::uint64_t written_ = 0;                  // Bytes of the frozen changes that the base has.
  std::uint64_t slice_ = 0;                    // Slices begun and slices ended, together.
  std::uint64_t mark_ = 0;                     // Of the newest version.
  Generations shown_generations_;              // Of the newest version.
  std::array<bool, kGenerationCount> used_{};  // Those that may have keys in a layer.
  std::vector<Generation> dropped_;            // By the flush that has begun.
  std::deque<Flushed> flushed_;
};

}  // namespace anabranch::storage
