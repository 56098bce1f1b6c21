// A register: one value.
//
// A put replaces every value that it has seen, in whatever region the value was written, and no
// other. So concurrent puts of two regions both stay, as *siblings*, until a put or an erase that
// has seen them. Until then each read chooses the sibling to show by the policy of the key
// (policy.h), else by Options::resolvers, else by `lww`: the last writer. The stored siblings never
// depend on the policy.
//
//   both know | here     | there    | concurrently, `lww` | `max`
//   3         | put 5    | put 4    | 4, if it is later   | 5
//   3         | put 5    | erase    | 5                   | 5
//   3         | erase    | erase    | nothing             | nothing
//
// Worked example. `eu` and `us` both show "3". While they are cut off from each other `eu` puts "5"
// and, a second later, `us` puts "4". When they meet both have the siblings {5, 4}, and both show
// "4". A client in `eu` sees that and puts "6": the put has seen both and leaves {6} everywhere.
//
// Known anomalies.
// - A clock that is ahead wins conflicts under `lww`, but never against a put that has seen its
//   own.
// - Under `max` and `min` a later put may lower or raise the value: they rank siblings, and a put
//   that has seen the greater value has replaced it.
// - A register and a counter share a key: additions that a put has not seen are added to its value,
//   when that is an integer (counter.h).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/codec.h>
#include <anabranch/expiry.h>
#include <anabranch/scope.h>

namespace anabranch {

// Reads one value. As thread-safe as its scope.
template <typename T = std::string>
class RegisterReader : detail::Coded<T>, public detail::Reader {
 public:
  using detail::Reader::Reader;

  // Returns the shown value; nullopt when the key is absent.
  [[nodiscard]] std::optional<T> get() const {
    std::optional<std::string> bytes = scope().get(key().of(Type::kString));
    if (bytes) return detail::decode<T>(key(), *std::move(bytes));
    expect_type(scope(), key(), Type::kString);
    return std::nullopt;
  }
  // Returns all concurrent values, the newest last; at most one without a conflict.
  [[nodiscard]] std::vector<Sibling> siblings() const {
    return scope().siblings(key().of(Type::kString));
  }
};

// One value. As thread-safe as its scope.
template <typename T = std::string>
class Register : public RegisterReader<T> {
 public:
  Register(Scope& scope, Key key) : RegisterReader<T>(scope, std::move(key)) {}

  // Replaces every value and takes back every addition seen here.
  void put(const T& value) {
    this->writable().atomically([&](Scope& txn) {
      expect_type(txn, this->key(), Type::kString);
      txn.set(this->key().of(Type::kString), Codec<T>::encode(value));
    });
  }
  template <typename Given>
  requires(detail::Mistaken<Given, T>)  // As 1.9 for an integer, or "false" for a bool.
      void put(const Given& value) = delete;
  // The same with an integer of another type. Throws kInvalid when a T cannot hold it.
  template <typename Given>
  requires(detail::Integers<Given, T>) void put(Given value) {
    put(detail::fitting<T>(this->key(), value));
  }
  // The same, and the key expires when `live` has passed (expiry.h). Throws kInvalid, and writes
  // nothing, for a field of a map or an element, and for a time that is not above 0 or too far
  // away.
  void put(const T& value, std::chrono::milliseconds live) {
    if (live.count() <= 0) {
      throw Error(ErrorCode::kInvalid, this->key().name() + ": a time to live is above 0");
    }
    this->writable().atomically([&](Scope& txn) {
      Register(txn, this->key()).put(value);
      (void)Expiry(txn, this->key()).expire_after(live);
    });
  }
  template <typename Given>
  requires(detail::Mistaken<Given, T>) void put(const Given& value,
                                                std::chrono::milliseconds live) = delete;
  template <typename Given>
  requires(detail::Integers<Given, T>) void put(Given value, std::chrono::milliseconds live) {
    put(detail::fitting<T>(this->key(), value), live);
  }
  // Removes the value. Returns whether there was one.
  bool erase() {
    bool found = false;
    this->writable().atomically([&](Scope& txn) {
      expect_type(txn, this->key(), Type::kString);
      const Key row = this->key().of(Type::kString);
      found = txn.contains(row);
      txn.remove(row);
      txn.reset(row);
    });
    return found;
  }
};

}  // namespace anabranch
