// The numeric addresses of a dialled address: that itself, or those of the name in it, which is
// looked up again when none of them leads anywhere, after a link has broken, and when an operator's
// name may have moved. Old numbers are good until newer ones are known. Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/zmq/names.h"

namespace anabranch::transport {

class DialledName {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // An answer that takes longer is told of.
  static constexpr std::chrono::seconds kSlow{3};

  DialledName() = default;
  // A checked address; names must outlive this.
  DialledName(const std::string& address, Names& names);

  [[nodiscard]] bool is_name() const { return names_ != nullptr; }

  enum class State { kReady, kWaiting, kFailed };
  // Whether number() can be dialled. kFailed comes once for each look-up that has found nothing and
  // has left no older numbers: why() says why, and the next call looks the name up again.
  State look(Time now);
  // The number to dial now, or the one that was dialled last: "tcp://HOST:PORT".
  [[nodiscard]] const std::string& number() const { return numbers_[at_]; }
  [[nodiscard]] const std::string& why() const { return why_; }
  // When the wait for the answer becomes worth a line; nothing when it is not waited for.
  [[nodiscard]] std::optional<Time> slow_at() const;
  [[nodiscard]] const std::string& name() const { return name_; }

  // The number has led somewhere: it is tried first from now on.
  void works();
  // It has not: another one is next. Returns false when all were tried; then the name is looked up.
  bool fails(Time now);
  // A link over the number has broken.
  void breaks(Time now) {
    if (!numbers_.empty()) ask(now);
  }
  // It leads to the wrong place: nothing is dialled before the name was looked up again.
  void forget();
  [[nodiscard]] bool asking() const { return lookup_ != nullptr; }
  // Looks the name up again, until asking() is over. Returns whether a look-up of before has shown
  // that the name no longer has the number.
  bool has_moved(Time now);

 private:
  void ask(Time now);
  // Takes the numbers of a look-up that has succeeded.
  void take(const Found& found);
  [[nodiscard]] std::string address_of(const std::string& host) const;

  Names* names_ = nullptr;  // Null: the address is a number.
  std::string name_;
  std::string port_;  // With the colon.
  std::vector<std::string> numbers_;
  std::size_t at_ = 0;  // Of the number; in bounds whenever there are any.
  std::string worked_;
  std::string why_;
  std::shared_ptr<const Lookup> lookup_;
  Time asked_;
};

}  // namespace anabranch::transport
