// The answer of a command that may read much: one slice at a time, if the call asks for slices.
//
//   LongAnswer answer(call);
//   answer.names(prefix, [&](const std::string& name) {
//     ...
//     answer.found();
//   });
//   answer.enclose(Writer::Aggregate::kArray);
//
// Each slice continues where the one before stopped. The command is run with the same words, over
// the same state, until a slice is not cut short; a call without a slice runs to its end.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <anabranch/span.h>

#include "control/resp/writer.h"
#include "server/resp/command.h"
#include "server/resp/slices/pace.h"
#include "server/steady_clock.h"

namespace anabranch::server {

using control::Writer;

// The bytes of the shortest element of an answer: "$0\r\n\r\n".
inline constexpr std::size_t kLeastElementBytes = 6;

// The progress of a command.
struct Slice {
  SteadyTime until = SteadyTime::max();  // The end of this slice.
  bool begun = false;                    // Its answer begins at...
  std::size_t mark = 0;                  // ...this byte of the output.
  std::optional<std::string> last = {};  // The names up to this one are done;
  std::size_t arguments = 0;             // and so many of its arguments are done.
  std::size_t found = 0;
  std::size_t visited = 0;          // Names, in commands that count them.
  std::shared_ptr<void> kept = {};  // Between slices, by the command; see LongAnswer::kept.
  bool cut_short = false;
};

class LongAnswer {
 public:
  // Rows without a value that are passed over between two looks at the clock.
  static constexpr std::size_t kHiddenMax = 256;

  explicit LongAnswer(Call& call)
      : call_(call), slice_(call.slice != nullptr ? *call.slice : whole_) {
    first_ = !slice_.begun;
    if (first_) slice_.mark = call.reply().mark();
    slice_.begun = true;
    slice_.cut_short = false;
  }
  LongAnswer(const LongAnswer&) = delete;
  LongAnswer& operator=(const LongAnswer&) = delete;

  // Whether this is the first slice, which writes the head of an answer of known size.
  [[nodiscard]] bool first() const { return first_; }

  // The remaining names.
  [[nodiscard]] Span rest() const { return slice_.last ? Span::after(*slice_.last) : Span{}; }
  // Whether this slice handles the name, which costs a look at so many rows: called for each name,
  // in order, also repeatedly.
  [[nodiscard]] bool has_time(std::string_view name, std::size_t rows = 1) {
    if (slice_.last && *slice_.last == name) return true;
    passed_ += name.size() + (rows - 1) * kBytesPerRow;
    if (late()) return false;
    slice_.last = name;
    return true;
  }
  // Notes that all names up to this one are done, after many rows were passed over. Returns whether
  // this slice goes on.
  [[nodiscard]] bool goes_on_behind(std::string_view name) {
    slice_.last = name;
    Pace::breathe(kHiddenMax);
    slice_.cut_short = steady_now() >= slice_.until;
    return !slice_.cut_short;
  }
  // Calls the function with the remaining names below a collection, as far as there is time.
  template <typename Each>
  void names(const Key& collection, const Each& each) {
    const auto visit = [&](const std::string& name) {
      if (!has_time(name)) return false;
      each(name);
      return true;
    };
    for (;;) {
      const auto passed = call_.scope.names(collection, rest(), visit, kHiddenMax);
      if (!passed || !goes_on_behind(*passed)) return;
    }
  }
  // What the command keeps between its slices; made by the first one. Each command has one type.
  template <typename Kept, typename... Arguments>
  Kept& kept(Arguments&&... arguments) {
    if (!slice_.kept) slice_.kept = std::make_shared<Kept>(std::forward<Arguments>(arguments)...);
    return *static_cast<Kept*>(slice_.kept.get());
  }
  // The last name that was handled, by this slice or an earlier one; nullopt before the first.
  [[nodiscard]] const std::optional<std::string>& last() const { return slice_.last; }
  // The number of names that were visited: as counted by the caller.
  [[nodiscard]] std::size_t& visited() { return slice_.visited; }
  // Calls the function until it was called so many times, in all slices together. A call costs a
  // look at so many rows.
  template <typename Each>
  void repeat(std::size_t times, const Each& each, std::size_t rows = 1) {
    while (slice_.arguments < times && !late()) {
      passed_ += (rows - 1) * kBytesPerRow;
      each(slice_.arguments++);
    }
  }
  // How often repeat() has called its function, in all slices together.
  [[nodiscard]] std::size_t done() const { return slice_.arguments; }
  // Calls the function with the remaining arguments, from the one at `begin` on.
  template <typename Each>
  void each_argument(std::size_t begin, const Each& each) {
    repeat(call_.size() - begin, [&](std::size_t i) { each(call_[begin + i]); });
  }

  // Counts one element of the answer.
  void found() { ++slice_.found; }
  // Returns the number of elements if the answer is complete.
  [[nodiscard]] std::optional<std::size_t> total() const {
    return slice_.cut_short ? std::nullopt : std::optional(slice_.found);
  }
  // The same as a page of a scan: with the cursor of the next page before the elements.
  void enclose_page(std::uint64_t cursor) {
    if (slice_.cut_short) return;
    Writer& reply = call_.reply();
    reply.enclose(slice_.mark, Writer::Aggregate::kArray, slice_.found);
    const std::size_t end = reply.mark();
    reply.array(2);
    reply.bulk(std::to_string(cursor));
    reply.move_before(slice_.mark, end);
  }
  [[nodiscard]] bool complete() const { return !slice_.cut_short; }
  // Puts the head before the elements if the answer is complete.
  void enclose(Writer::Aggregate kind) {
    if (!slice_.cut_short) call_.reply().enclose(slice_.mark, kind, slice_.found);
  }

 private:
  // Reading the clock costs as much as a small element.
  static constexpr std::size_t kPerLook = 16;
  static constexpr std::size_t kBytesPerLook = std::size_t{64} << 10U;
  // To look at a row costs as much as to write so many bytes.
  static constexpr std::size_t kBytesPerRow = 256;

  // The first element is never late, so each slice makes progress.
  [[nodiscard]] bool late() {
    const std::size_t bytes = call_.reply().mark() + passed_;
    if (looks_++ == 0) looked_at_ = bytes;
    if (looks_ % kPerLook != 0 && bytes - looked_at_ < kBytesPerLook) return false;
    looked_at_ = bytes;
    Pace::breathe(kPerLook);
    slice_.cut_short = looks_ > 1 && steady_now() >= slice_.until;
    return slice_.cut_short;
  }

  Call& call_;
  Slice whole_;
  Slice& slice_;
  bool first_ = true;
  std::size_t looks_ = 0;
  std::size_t passed_ = 0;     // Bytes of names that were looked at.
  std::size_t looked_at_ = 0;  // So many of these and of the answer then.
};

}  // namespace anabranch::server
