// Frames that were read from a socket and wait until there is room in the inbox.
//
// All that comes is read at once, whatever the leader is busy with, and bounded here. A bound of
// ZeroMQ's own (ZMQ_RCVHWM) must not take its place: a connection that breaks while libzmq 4.3 does
// not read it ends the process at the next heartbeat, ours or the peer's (libzmq issue 4364).
//
// An honest peer has a window of batches under way, or one body, and some dozen notes a second. A
// connection of which more waits is to be cut. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "transport/frame.h"
#include "transport/zmq/zmq_socket.h"

namespace anabranch::transport {

class WaitingFrames {
 public:
  // Of one connection, in memory: the largest body, and windows beside it.
  static constexpr std::size_t kBytesMax = kMessageSizeMax + (std::size_t{64} << 20U);
  static constexpr std::size_t kFramesMax = 65'536;
  // Of all connections of a socket.
  static constexpr std::size_t kAllBytesMax = 2 * kBytesMax;
  // What a frame takes beside its bytes.
  static constexpr std::size_t kFrameBytes = 160;

  [[nodiscard]] bool empty() const { return frames_.empty(); }
  [[nodiscard]] std::size_t size() const { return frames_.size(); }
  void push(Incoming frame);
  // Takes the oldest frame; there must be one.
  Incoming pop();
  // Returns the routing id of a connection of which too much waits, or of the one of which most
  // does where all together are too much; nullopt while there is none.
  [[nodiscard]] std::optional<std::string> too_much() const;
  // Drops all frames of a connection, at least one, and returns the last of them.
  Incoming drop(const std::string& routing_id);
  void clear() { *this = {}; }

 private:
  struct Held {
    std::size_t frames = 0;
    std::size_t bytes = 0;
    [[nodiscard]] bool is_too_much() const { return frames > kFramesMax || bytes > kBytesMax; }
  };

  [[nodiscard]] static std::size_t size_of(const Incoming& frame) {
    return frame.frame.size() + kFrameBytes;
  }

  std::deque<Incoming> frames_;
  std::unordered_map<std::string, Held> held_;  // By routing id; empty for a dialled peer.
  std::size_t bytes_ = 0;
  std::string newest_;  // The connection of the frame that came last.
};

}  // namespace anabranch::transport
