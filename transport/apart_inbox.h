// The messages of one kind, on their way from the thread that reads the sockets to a thread that
// takes nothing else: so they wait behind no other messages, and for no work of their leader.
//
// Messages beyond the bounds are dropped, and the reader of the sockets never stops for it: the
// kind must be one of which a message may be lost. Invariant: the descriptor is readable exactly
// while messages wait. All functions are thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <vector>

#include "transport/transport.h"
#include "transport/wake.h"

namespace anabranch::transport {

class ApartInbox {
 public:
  static constexpr std::size_t kBodyBytesMax = std::size_t{64} << 10U;
  static constexpr std::size_t kOfLinkMax = 128;  // Messages of one link that wait,
  static constexpr std::size_t kBytesMax = std::size_t{4} << 20U;  // and bytes of all.

  // Takes the messages of this kind; none for 0: no kind has that number.
  explicit ApartInbox(std::uint8_t kind) : kind_(kind) {}

  [[nodiscard]] bool takes(std::uint8_t kind) const { return kind_ != 0 && kind == kind_; }
  // Adds a message at the end. Returns false if it is dropped: too long, or too many wait.
  [[nodiscard]] bool push(Event event);
  // Takes the oldest messages, at most so many.
  std::vector<Event> take(std::size_t most);
  [[nodiscard]] int fd() const { return wake_.fd(); }

 private:
  const std::uint8_t kind_;
  std::mutex mutex_;
  std::deque<Event> events_;
  std::map<LinkId, std::size_t> of_link_;  // Those that wait; no link has 0.
  std::size_t bytes_ = 0;
  Wake wake_;
};

}  // namespace anabranch::transport
