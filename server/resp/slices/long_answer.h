// The answer of a command that may read much: it says how far it has come, so that its pace can end
// a slice (core/pace.h), and counts its elements.
//
//   LongAnswer answer(call);
//   answer.names(collection, [&](const std::string& name) {
//     ...
//     answer.found();
//   });
//   answer.enclose(Writer::Aggregate::kArray);
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <anabranch/span.h>

#include "control/resp/writer.h"
#include "core/pace.h"
#include "server/resp/command.h"

namespace anabranch::server {

using control::Writer;

// The bytes of the shortest element of an answer: "$0\r\n\r\n".
inline constexpr std::size_t kLeastElementBytes = 6;

class LongAnswer {
 public:
  explicit LongAnswer(Call& call)
      : call_(call), mark_(call.reply().mark()), looked_at_(call.reply().mark()) {}
  LongAnswer(const LongAnswer&) = delete;
  LongAnswer& operator=(const LongAnswer&) = delete;

  // Called before a name is handled, which costs a look at so many rows.
  void look_at(std::string_view name, std::size_t rows = 1) {
    spend(name.size() + (rows - 1) * kBytesPerRow);
  }
  // Calls the function with all names below a collection. It must not use the scope.
  template <typename Each>
  void names(const Key& collection, const Each& each) {
    call_.scope.names(collection, {}, [&](const std::string& name) {
      look_at(name);
      each(name);
      return true;
    });
  }
  // Calls the function so many times, with a number that counts from 0. A call costs a look at so
  // many rows.
  template <typename Each>
  void repeat(std::size_t times, const Each& each, std::size_t rows = 1) {
    for (std::size_t i = 0; i < times; ++i) {
      spend((rows - 1) * kBytesPerRow);
      each(i);
    }
  }
  // Calls the function with the arguments from the one at `begin` on.
  template <typename Each>
  void each_argument(std::size_t begin, const Each& each) {
    repeat(call_.size() - begin, [&](std::size_t i) { each(call_[begin + i]); });
  }

  // Counts one element of the answer.
  void found() { ++found_; }
  [[nodiscard]] std::size_t total() const { return found_; }
  // Puts the head before the elements.
  void enclose(Writer::Aggregate kind) { call_.reply().enclose(mark_, kind, found_); }
  // The same as a page of a scan: with the cursor of the next page before the elements.
  void enclose_page(std::uint64_t cursor) {
    Writer& reply = call_.reply();
    enclose(Writer::Aggregate::kArray);
    const std::size_t end = reply.mark();
    reply.array(2);
    reply.bulk(std::to_string(cursor));
    reply.move_before(mark_, end);
  }

 private:
  // To look at a row costs as much as to write so many bytes.
  static constexpr std::size_t kBytesPerRow = 256;
  // The bytes of a unit of the pace, where an element has many.
  static constexpr std::size_t kBytesPerUnit = 4096;

  // Counts one element, some bytes that were looked at, and those written since the last one.
  void spend(std::size_t bytes) {
    const std::size_t written = call_.reply().mark();
    core::Pace::breathe();
    core::Pace::pass((bytes + written - looked_at_) / kBytesPerUnit);
    looked_at_ = written;
  }

  Call& call_;
  const std::size_t mark_;
  std::size_t looked_at_;  // The end of the answer then.
  std::size_t found_ = 0;
};

}  // namespace anabranch::server
