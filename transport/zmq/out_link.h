// The sending side of a link: what waits in its queue, and how much of it ZeroMQ has. ZeroMQ gets
// little, since nothing can overtake what it has: frames that are handed over and that it has not
// written to the connection yet are counted, and it says when it has written them. Its own queues
// have no bound, so none of them is ever full. Used by the transport's thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <zmq.hpp>

#include "transport/out_queue.h"
#include "transport/zmq/outbox.h"

namespace anabranch::transport {

class OutLink {
 public:
  using Clock = std::chrono::steady_clock;
  // Bodies are handed over below the first, notes below the second.
  static constexpr std::size_t kBodiesHandedMax = 2 * kSentFrameMax;
  static constexpr std::size_t kNotesHandedMax = 4 * kSentFrameMax;
  // So many bytes of notes wait only for a peer that asks, and takes no answer.
  static constexpr std::size_t kNotesMax = std::size_t{16} << 20U;
  // The frames of one link that are handed over before others get their turn.
  static constexpr int kFramesInTurn = 64;
  // How soon it is told that bodies have left, and after how much of them at once.
  static constexpr std::chrono::milliseconds kTellInterval{20};
  static constexpr std::uint64_t kTellBytes = std::uint64_t{256} << 10U;

  [[nodiscard]] OutQueue& queue() { return queue_; }
  [[nodiscard]] bool takes_nothing() const { return queue_.note_bytes() > kNotesMax; }

  enum class Flushed : std::uint8_t {
    kWaits,   // For nothing, or for ZeroMQ, which signals the outbox.
    kMore,    // It was another link's turn.
    kBroken,  // The connection is gone.
  };
  using SendFrame = std::function<bool(zmq::message_t)>;
  // Hands over what may be handed over now. The outbox must outlive ZeroMQ's context.
  Flushed flush(const Outbox& outbox, Compressor* compressor, const SendFrame& send);

  // Returns whether it is to be told now that bodies of a lane have left, and notes that it is.
  [[nodiscard]] bool tells(Lane lane, Clock::time_point now);
  [[nodiscard]] bool is_untold(Lane lane) const { return told(lane).left != queue_.left(lane); }
  [[nodiscard]] Clock::time_point tells_at(Lane lane) const {
    return told(lane).at + kTellInterval;
  }

 private:
  OutQueue queue_;
  std::shared_ptr<std::atomic<std::size_t>> handed_ = std::make_shared<std::atomic<std::size_t>>(0);
  struct Told {
    std::uint64_t left = 0;
    Clock::time_point at;
  };
  [[nodiscard]] const Told& told(Lane lane) const { return told_[static_cast<std::size_t>(lane)]; }
  std::array<Told, kLanes> told_;
};

}  // namespace anabranch::transport
