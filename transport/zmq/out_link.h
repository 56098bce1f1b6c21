// The sending side of a link: what waits in its queue, and how much of it ZeroMQ has. ZeroMQ gets
// little, since nothing can overtake what it has: frames that are handed over and that it has not
// written to the connection yet are counted, and it says when it has written half of them. A link
// that takes them at once gets more each time, so that a fast one costs few turns. ZeroMQ's own
// queues have no bound, so none of them is ever full. Used by the transport's thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "transport/out_queue.h"
#include "transport/zmq/outbox.h"

namespace anabranch::transport {

class OutLink {
 public:
  using Clock = std::chrono::steady_clock;
  // The bytes of bodies that are handed over: on any link, and on one that takes them within kFast.
  // With notes it is twice as much.
  static constexpr std::size_t kHandedMin = 2 * kSentFrameMax;
  static constexpr std::size_t kHandedMax = 32 * kSentFrameMax;
  static constexpr std::chrono::milliseconds kFast{10};
  // So many bytes of notes wait only for a peer that asks, and takes no answer.
  static constexpr std::size_t kNotesMax = std::size_t{16} << 20U;
  // Of all links together; beyond that the link of which most wait is given up.
  static constexpr std::size_t kAllNotesMax = 4 * kNotesMax;
  static constexpr std::size_t kFewNotes = std::size_t{64} << 10U;  // So few are not looked at.
  // The frames of one link that are handed over before others get their turn.
  static constexpr int kFramesInTurn = 128;
  // How soon it is told that bodies have left, and after how much of them at once.
  static constexpr std::chrono::milliseconds kTellInterval{20};
  static constexpr std::uint64_t kTellBytes = std::uint64_t{1} << 20U;

  [[nodiscard]] OutQueue& queue() { return queue_; }
  [[nodiscard]] bool takes_nothing() const { return queue_.note_bytes() > kNotesMax; }

  enum class Flushed : std::uint8_t {
    kWaits,   // For nothing, or for ZeroMQ, which signals the outbox.
    kMore,    // It was another link's turn.
    kBroken,  // The connection is gone.
  };
  using SendFrame = std::function<bool(zmq::message_t)>;
  // Hands over what may be handed over now. The outbox must outlive ZeroMQ's context.
  Flushed flush(const Outbox& outbox, Compressor* compressor, Clock::time_point now,
                const SendFrame& send);

  // What ZeroMQ has. Shared with its thread.
  struct Handed {
    std::atomic<std::size_t> bytes{0};
    std::atomic<std::size_t> wake_below{0};
  };

  // Returns whether it is to be told now that bodies of a lane have left, and notes that it is.
  [[nodiscard]] bool tells(Lane lane, Clock::time_point now);
  [[nodiscard]] bool is_untold(Lane lane) const { return told(lane).left != queue_.left(lane); }
  [[nodiscard]] Clock::time_point tells_at(Lane lane) const {
    return told(lane).at + kTellInterval;
  }

 private:
  // Notes whether the link was full a moment ago, and how soon it no longer was.
  void look_at_speed(Clock::time_point now);

  OutQueue queue_;
  std::shared_ptr<Handed> handed_ = std::make_shared<Handed>();
  std::size_t handed_max_ = kHandedMin;
  std::optional<Clock::time_point> full_since_;
  struct Told {
    std::uint64_t left = 0;
    Clock::time_point at;
  };
  [[nodiscard]] const Told& told(Lane lane) const { return told_[static_cast<std::size_t>(lane)]; }
  std::array<Told, kLanes> told_;
};

}  // namespace anabranch::transport
