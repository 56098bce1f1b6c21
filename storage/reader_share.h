// For whom a thread takes snapshots. The places for readers (lmdb_readers.h) are shared out by it:
// the reads of an application have a part of them, so that a write, and whatever else the leader
// does itself, never waits for these.
#pragma once

#include <cstdint>
#include <utility>

namespace anabranch::storage {

enum class ReaderShare : std::uint8_t {
  kOwn,         // The leader itself.
  kGuest,       // A read of the application.
  kGuestAgain,  // Another one of a thread that reads already: it must not wait for other threads.
};

// While it lives the snapshots that this thread takes are of this share; without one they are kOwn.
class TakesPlacesOf {
 public:
  explicit TakesPlacesOf(ReaderShare share) : before_(std::exchange(here_, share)) {}
  ~TakesPlacesOf() { here_ = before_; }
  TakesPlacesOf(const TakesPlacesOf&) = delete;
  TakesPlacesOf& operator=(const TakesPlacesOf&) = delete;

  [[nodiscard]] static ReaderShare here() { return here_; }

 private:
  static inline constinit thread_local ReaderShare here_ = ReaderShare::kOwn;

  const ReaderShare before_;
};

}  // namespace anabranch::storage
