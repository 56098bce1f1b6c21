// The answer of a command that may read much: a slice of it at a time, if the call asks for that.
//
//   LongAnswer answer(call);
//   call.scope.names(prefix, answer.rest(), [&](const std::string& name) {
//     if (!answer.has_time(name)) return false;
//     ...
//     answer.found();
//     return true;
//   });
//   answer.enclose(Writer::Aggregate::kArray);
//
// It goes on where the slice before has stopped. Commands are run with the same words, over the
// same state, until none of them is cut short; a call without a slice runs to its end.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <anabranch/span.h>

#include "server/resp/command.h"
#include "server/resp/writer.h"
#include "server/steady_clock.h"

namespace anabranch::server {

// How far a command has come.
struct Slice {
  SteadyTime until = SteadyTime::max();  // When this slice is over.
  bool begun = false;                    // Its answer begins at...
  std::size_t mark = 0;                  // ...this byte of the output.
  std::optional<std::string> last = {};  // The names up to this one are done;
  std::size_t arguments = 0;             // so many of its arguments are.
  std::size_t found = 0;
  bool cut_short = false;
};

class LongAnswer {
 public:
  explicit LongAnswer(Call& call)
      : call_(call), slice_(call.slice != nullptr ? *call.slice : whole_) {
    first_ = !slice_.begun;
    if (first_) slice_.mark = call.reply().mark();
    slice_.begun = true;
    slice_.cut_short = false;
  }
  LongAnswer(const LongAnswer&) = delete;
  LongAnswer& operator=(const LongAnswer&) = delete;

  // Whether this is the first slice, which writes the head of an answer whose size is known.
  [[nodiscard]] bool first() const { return first_; }

  // The names that are left.
  [[nodiscard]] Span rest() const { return slice_.last ? Span::after(*slice_.last) : Span{}; }
  // Whether this name is for this slice: asked about each, in order, also more than once.
  [[nodiscard]] bool has_time(std::string_view name) {
    if (slice_.last && *slice_.last == name) return true;
    if (late()) return false;
    slice_.last = name;
    return true;
  }
  // Calls the function with the arguments that are left, from the one at `begin` on.
  template <typename Each>
  void each_argument(std::size_t begin, const Each& each) {
    while (begin + slice_.arguments < call_.size() && !late()) {
      each(call_[begin + slice_.arguments++]);
    }
  }

  // Counts one that belongs to the answer.
  void found() { ++slice_.found; }
  // How many these are, when no more follow.
  [[nodiscard]] std::optional<std::size_t> total() const {
    return slice_.cut_short ? std::nullopt : std::optional(slice_.found);
  }
  // Puts the head before them, when no more follow.
  void enclose(Writer::Aggregate kind) {
    if (!slice_.cut_short) call_.reply().enclose(slice_.mark, kind, slice_.found);
  }

 private:
  // Looking at the clock costs as much as a small element.
  static constexpr std::size_t kPerLook = 16;
  static constexpr std::size_t kBytesPerLook = std::size_t{64} << 10U;

  // The first one is never late, so each slice goes on.
  [[nodiscard]] bool late() {
    const std::size_t written = call_.reply().mark();
    if (looks_++ == 0) looked_at_ = written;
    if (looks_ % kPerLook != 0 && written - looked_at_ < kBytesPerLook) return false;
    looked_at_ = written;
    slice_.cut_short = looks_ > 1 && steady_now() >= slice_.until;
    return slice_.cut_short;
  }

  Call& call_;
  Slice whole_;
  Slice& slice_;
  bool first_ = true;
  std::size_t looks_ = 0;
  std::size_t looked_at_ = 0;
};

}  // namespace anabranch::server
