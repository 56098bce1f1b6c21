// Batches that were received but not yet applied, because they wait for their dependencies or for
// their turn. Bounded in bytes: a batch without room is dropped and asked for again, but the next
// batch of every origin always has room. Of two batches from two peers that claim one place, the
// one that was asked for stays, the later one if both were: no peer can hold a place against the
// followed one. Not thread-safe.
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

  [[nodiscard]] std::size_t size() const { return bytes.size() + end_signature.size(); }
};

// As they are appended to the log; the bytes stay with the batches.
std::vector<storage::LogRecord> records_of(const std::vector<HeldBatch>& batches);

class HoldBackQueue {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20U;

  explicit HoldBackQueue(std::size_t bytes_max = kBytesMax) : bytes_max_(bytes_max) {}

  // Takes a batch in. Returns false if the batch was dropped: it begins with applied ops, is held
  // already, or there is no room (a batch that waited for its proof had room before: kGranted).
  enum class Room : std::uint8_t { kBounded, kGranted };
  bool add(HeldBatch batch, const core::VersionVector& applied, Room room = Room::kBounded);
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
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  using BySeq = std::map<core::Seq, HeldBatch>;
  // Drops batches whose first op was applied on another way, such as a merge, even if the batch
  // goes further: batches do not overlap except in two histories of one origin.
  void forget_applied(const core::VersionVector& applied);
  // Removes another batch in the place of `held` if that one is worth less.
  void make_way(const HeldBatch& held);
  // The next batch of an origin; null when it is not here.
  [[nodiscard]] const core::Batch* next(core::Origin origin,
                                        const core::VersionVector& applied) const;
  [[nodiscard]] static bool deliverable(const core::Batch& batch,
                                        const core::VersionVector& applied);

  std::size_t bytes_max_;
  std::map<core::Origin, BySeq> held_;
  std::size_t bytes_ = 0;
};

}  // namespace anabranch::regions
