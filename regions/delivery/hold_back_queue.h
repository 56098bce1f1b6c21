// Batches that were received but not yet applied, because they wait for their dependencies or for
// their turn. A batch without room is dropped and asked for again. Batches behind a gap have the
// least room, then the next batch of each origin, if it waits for others; those that can be applied
// at once have room of their own, so that a peer that invents origins stops no other origin. Of two
// batches from two peers that claim one place, the one that was asked for stays, the later one if
// both were: no peer can hold a place against the followed one. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/version_vector.h"
#include "storage/storage.h"

namespace anabranch::regions {

struct HeldBatch {
  std::string bytes;
  core::Batch batch;
  core::Origin from = 0;  // The peer that sent it; 0 for none.
  bool asked = false;     // Its origin was followed through that peer.
  // The signature of the position before it came beside the batch, not within, and is not checked.
  bool signed_beside = false;
  // Its region's signature of the position at its end; empty when none is known. It stays with the
  // batch, whatever becomes of those behind it.
  std::string end_signature = {};
  bool at_once = false;  // It was held only because it could be applied at once.

  [[nodiscard]] std::size_t size() const { return bytes.size() + end_signature.size(); }
};

// The room that batches take: their bytes as they travel, and about that of memory beside them,
// which is more where the ops are short.
struct BatchLoad {
  std::size_t bytes = 0;
  std::size_t memory = 0;

  void add(const HeldBatch& held);
  void remove(const HeldBatch& held);
};
[[nodiscard]] BatchLoad load_of(const HeldBatch& held);

// As they are appended to the log; the bytes stay with the batches.
std::vector<storage::LogRecord> records_of(const std::vector<HeldBatch>& batches);

class HoldBackQueue {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20U;
  static constexpr std::size_t kMemoryMax = std::size_t{256} << 20U;
  // So much more may wait of next batches, and as much beside that be ready to be applied; each
  // time and one batch. Of memory as much as `memory_max`.
  static constexpr std::size_t kNextBytesMax = kBytesMax;

  explicit HoldBackQueue(std::size_t bytes_max = kBytesMax, std::size_t memory_max = kMemoryMax)
      : bytes_max_(bytes_max), memory_max_(memory_max) {}

  // Takes a batch in. Returns false if the batch was dropped: it begins with applied ops, is held
  // already, or there is no room. A batch that waited for its proof, kGranted, has as much as a
  // next one.
  enum class Room : std::uint8_t { kBounded, kGranted };
  bool add(HeldBatch&& held, const core::VersionVector& applied, Room room = Room::kBounded);
  // Takes out a batch that can be applied now: its origin's next, with all its dependencies
  // applied. Returns nullopt when there is none.
  std::optional<HeldBatch> take_deliverable(const core::VersionVector& applied);
  // Returns whether take_deliverable would return a batch.
  [[nodiscard]] bool has_deliverable(const core::VersionVector& applied);
  // The same for one origin.
  [[nodiscard]] bool has_deliverable(core::Origin origin, const core::VersionVector& applied) const;

  // Returns whether the next batch of an origin is here and waits for other origins.
  [[nodiscard]] bool waits(core::Origin origin, const core::VersionVector& applied) const;

  void clear();

  // Drops all batches of an origin.
  void forget(core::Origin origin);
  // Calls function(batch) for the next batch of each origin that waits for others.
  template <typename Function>
  void for_each_next(const core::VersionVector& applied, const Function& function) const {
    for (const auto& [origin, batches] : held_) {
      const bool next = !batches.empty() && batches.begin()->first == applied.at(origin) + 1;
      if (next) function(batches.begin()->second.batch);
    }
  }
  // Returns whether any batch of an origin waits here.
  [[nodiscard]] bool holds(core::Origin origin) const;
  // Returns whether the batch of an origin that begins with seq `first` waits here.
  [[nodiscard]] bool has(core::Origin origin, core::Seq first) const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t bytes() const { return load_.bytes + ready_.bytes; }
  [[nodiscard]] std::size_t memory() const { return load_.memory + ready_.memory; }

 private:
  using BySeq = std::map<core::Seq, HeldBatch>;
  // Drops batches whose first op was applied on another way, such as a merge, even if the batch
  // goes further: batches do not overlap except in two histories of one origin.
  void forget_applied(const core::VersionVector& applied);
  // Removes another batch in the place of `held` if that one is worth less.
  void make_way(const HeldBatch& held);
  // Returns whether there is room for a batch, and notes in it in which part.
  [[nodiscard]] bool has_room(HeldBatch& held, const core::VersionVector& applied, Room room) const;
  // Where a batch is counted.
  [[nodiscard]] BatchLoad& load(const HeldBatch& held) { return held.at_once ? ready_ : load_; }
  BySeq::iterator drop(BySeq& batches, BySeq::iterator at);
  // The next batch of an origin; null when it is not here.
  [[nodiscard]] const core::Batch* next(core::Origin origin,
                                        const core::VersionVector& applied) const;
  [[nodiscard]] static bool deliverable(const core::Batch& batch,
                                        const core::VersionVector& applied);

  std::size_t bytes_max_;
  std::size_t memory_max_;
  std::map<core::Origin, BySeq> held_;
  BatchLoad load_;
  BatchLoad ready_;  // Of batches that were held only because they can be applied at once.
};

}  // namespace anabranch::regions
