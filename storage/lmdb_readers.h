// The read transactions of an environment, kept and renewed: a new one costs a lock and some system
// calls, a renewal a few loads and stores.
//
// There is a fixed number of places, each on a cache line of its own. A thread starts its search at
// a place of its own as long as there are few threads, so that threads do not meet.
//
// Guests have the first places; where these are taken they wait, for a while, and then fail. As
// many are kept for further reads of guests that read already: if these waited for each other, none
// would end. The last ones are for the leader itself, which so waits for no guest.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "storage/lmdb_env.h"
#include "storage/reader_share.h"

namespace anabranch::storage {

// Thread-safe. Must end before its environment, and after all leases.
class LmdbReaders {
 private:
  struct Place;

 public:
  // A read transaction on the newest state, for one thread at a time; ends with the lease.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : readers_(other.readers_), place_(std::exchange(other.place_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (place_ != nullptr) readers_->release(*place_);
    }
    [[nodiscard]] const LmdbTxn& txn() const { return *place_->txn; }

   private:
    friend class LmdbReaders;
    Lease(LmdbReaders& readers, Place& place) : readers_(&readers), place_(&place) {}
    LmdbReaders* readers_;
    Place* place_;
  };

  // The places that there are for so many guests.
  [[nodiscard]] static constexpr unsigned places(unsigned guests) { return 2 * guests + kOwn; }

  // Guests wait for as long as `patience`.
  LmdbReaders(const LmdbEnv& env, unsigned guests, std::chrono::milliseconds patience)
      : env_(env), guests_(guests), patience_(patience), places_(places(guests)) {}

  // Takes a place of this thread's share (reader_share.h); waits while all of these are taken.
  // Throws Error{kTimeout} to a guest that has waited in vain. Returns nullopt when LMDB has given
  // up the environment; any other failure to begin is a programmer error.
  [[nodiscard]] std::optional<Lease> acquire();

 private:
  static constexpr std::size_t kCacheLine = 64;
  struct alignas(kCacheLine) Place {
    std::atomic<bool> taken = false;
    std::optional<LmdbTxn> txn;  // Accessed only by the thread that has taken the place.
  };

  // Of the leader itself: its writer, a few threads and long reads.
  static constexpr unsigned kOwn = 64;

  // The places from which a share begins its search; it may take those before these, too.
  struct Part {
    std::size_t first = 0;
    std::size_t end = 0;
  };
  [[nodiscard]] Part part_of(ReaderShare share) const;
  // Takes a free place of a part, or one before it; returns null when there is none.
  Place* take(const Part& part);
  Place& wait_and_take(ReaderShare share);
  // Renews the place's transaction to the newest state.
  core::Result<void> renew(Place& place);
  void release(Place& place);
  void free(Place& place);

  const LmdbEnv& env_;
  const std::size_t guests_;
  const std::chrono::milliseconds patience_;
  std::vector<Place> places_;
  std::atomic<unsigned> waiting_ = 0;
  std::mutex mutex_;
  std::condition_variable freed_;
};

}  // namespace anabranch::storage
