// A value or the reason of its absence: for decoders of foreign bytes, and for the layers below the
// public API. There an Error is thrown only where no Result can pass: by readers of stored rows, by
// writers of a leader that takes no writes, by constructors.
//
//   Result<Batch> batch = decode_batch(bytes);
//   if (!batch.ok()) return batch.failure();
//   use(batch.value());
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <anabranch/error.h>

#include "core/assert.h"

namespace anabranch::core {

// The reason why there is no value: a code for the program, a sentence for a person.
struct Failure {
  ErrorCode code = ErrorCode::kCorrupt;
  std::string message;
  // Nothing was changed, and the cause may pass by itself: the call may be made again later. See
  // core/system_failure.h.
  bool passes = false;

  // Throws the failure as the exception of the public API.
  [[noreturn]] void raise() const { throw Error(code, message); }
};

inline Failure corrupt(std::string message) { return {ErrorCode::kCorrupt, std::move(message)}; }
inline Failure invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

// Implicitly made from a value or from a Failure. Reading the absent side is a programmer error and
// aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  [[nodiscard]] const Failure& failure() const {
    ANABRANCH_ASSERT(!ok());
    return std::get<1>(state_);
  }
  [[nodiscard]] T& value() & {
    ANABRANCH_ASSERT(ok());
    return std::get<0>(state_);
  }
  [[nodiscard]] const T& value() const& {
    ANABRANCH_ASSERT(ok());
    return std::get<0>(state_);
  }
  [[nodiscard]] T&& value() && {
    ANABRANCH_ASSERT(ok());
    return std::get<0>(std::move(state_));
  }
  // Returns the value; throws anabranch::Error when there is none. For the public surface.
  T value_or_raise() && {
    if (!ok()) failure().raise();
    return std::get<0>(std::move(state_));
  }

 private:
  std::variant<T, Failure> state_;
};

// Success without a value, or the reason of the failure.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Failure failure) : failure_(std::move(failure)) {}  // NOLINT: implicit

  [[nodiscard]] bool ok() const { return !failure_.has_value(); }
  [[nodiscard]] const Failure& failure() const {
    ANABRANCH_ASSERT(failure_.has_value());
    return *failure_;
  }
  void value_or_raise() && {
    if (failure_) failure_->raise();
  }

 private:
  std::optional<Failure> failure_;
};

}  // namespace anabranch::core
