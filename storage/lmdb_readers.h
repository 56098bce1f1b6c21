// The read transactions of an environment, kept and renewed: a new one costs a lock and some system
// calls, a renewal a few loads and stores.
//
// There is a fixed number of places, each on a cache line of its own. A thread starts its search at
// a place of its own as long as there are few threads, so that threads do not meet. A thread that
// finds all places taken waits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "storage/lmdb_env.h"

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

  LmdbReaders(const LmdbEnv& env, unsigned places) : env_(env), places_(places) {}

  // Takes a place; waits while all places are taken. Returns nullopt when LMDB has given up the
  // environment; any other failure to begin is a programmer error.
  [[nodiscard]] std::optional<Lease> acquire();

 private:
  static constexpr std::size_t kCacheLine = 64;
  struct alignas(kCacheLine) Place {
    std::atomic<bool> taken = false;
    std::optional<LmdbTxn> txn;  // Accessed only by the thread that has taken the place.
  };

  // Takes a free place; returns null when there is none.
  Place* take();
  Place& wait_and_take();
  // Renews the place's transaction to the newest state.
  core::Result<void> renew(Place& place);
  void release(Place& place);
  void free(Place& place);

  const LmdbEnv& env_;
  std::vector<Place> places_;
  std::atomic<unsigned> waiting_ = 0;
  std::mutex mutex_;
  std::condition_variable freed_;
};

}  // namespace anabranch::storage
