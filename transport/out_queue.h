// The messages that wait to be sent on one link. Notes go first, in their order; the bodies of a
// lane keep their order, and lanes share the link by bytes. A body that was begun is sent to its
// end before the next one, since the far side holds one partial body only; notes may come between
// its frames. So many notes that they would hold up bodies for ever take turns with them. A note
// is one frame, however long that may be; one that has no room in a frame goes as a body. Not
// thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "transport/compression.h"
#include "transport/frame.h"
#include "transport/transport.h"

namespace anabranch::transport {

class OutQueue {
 public:
  void push(std::uint8_t kind, std::string body, Turn turn);
  // Transport::drop.
  void drop(Lane lane, std::uint64_t before);

  enum class Wanted : std::uint8_t { kNotes, kAll };  // Notes only, or bodies as well.
  // Returns the next frame; nullopt when none of the wanted ones is due. A body is compressed, if
  // that pays, when its first frame is taken; never if `compressor` is null.
  std::optional<std::string> next(Wanted wanted, Compressor* compressor);

  [[nodiscard]] bool empty() const { return notes_.empty() && !has_body(); }
  // The bytes of the notes that wait.
  [[nodiscard]] std::size_t note_bytes() const { return note_bytes_; }
  // The weight of all bodies of a lane that have left, to their last frame, or were dropped.
  [[nodiscard]] std::uint64_t left(Lane lane) const {
    return lanes_[static_cast<std::size_t>(lane)].left;
  }

 private:
  static constexpr std::size_t kNotesInARow = kSentFrameMax;  // Bytes of notes before a body.
  struct Waiting {
    std::uint8_t kind = 0;
    std::string body;
    Turn turn;
  };
  struct LaneQueue {
    std::deque<Waiting> bodies;
    std::uint64_t taken = 0;  // Bytes, of a count that all lanes share.
    std::uint64_t left = 0;
  };

  [[nodiscard]] bool has_body() const;
  std::string next_note(Compressor* compressor);
  std::string next_of_body(Compressor* compressor);
  // Begins the next body: of the lane that has taken least.
  void begin_body(Compressor* compressor);
  struct Packed {
    std::string body;
    BodyForm form = BodyForm::kPlain;
  };
  static Packed pack(std::string body, Compressor* compressor);
  LaneQueue& lane(Lane lane) { return lanes_[static_cast<std::size_t>(lane)]; }

  std::deque<Waiting> notes_;
  std::size_t note_bytes_ = 0;
  std::size_t notes_in_a_row_ = 0;
  std::array<LaneQueue, kLanes> lanes_;  // That of notes has the long ones.
  std::uint64_t taken_ = 0;              // By the lane that was last begun.
  std::optional<BodyFrames> begun_;
  Turn begun_turn_;
  std::uint64_t last_number_ = 0;  // Of bodies.
};

}  // namespace anabranch::transport
