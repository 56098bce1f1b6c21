// Transactions: several reads and writes that become visible together, in every region.
//
// Within a region transactions cannot conflict, since a region has one writer at a time: the values
// that a transaction reads stay the same until it ends. Across regions transactions merge op by op,
// as the types say.
//
//   store.transact([](Transaction& txn) {               // All or nothing.
//     Counter{txn, "stock/eu"}.add(-5);
//     Counter{txn, "stock/us"}.add(+5);
//   });
//
// A transaction, and a read of one state, returns the result of its function:
//
//   const int left = store.transact([](Transaction& txn) {
//     Counter stock{txn, "stock/eu"};
//     stock.add(-5);
//     return stock.get();
//   });
//
// The result must be a value: a reference does not compile. A handle on the transaction may be
// returned, but each use of it throws Error{kInvalid}.
//
// Between a read and a write that depends on a person or another system no lock can be held that
// long. Then the transaction names the keys it depends on, and is not run if they were written
// meanwhile:
//
//   Unchanged seen;
//   store.read([&](ReadTransaction& txn) {              // One state of all keys.
//     seen = Unchanged{txn, {"order/7", "stock/book"}};
//     show(Register<std::string>{txn, "order/7"}.get());
//   });
//   ...
//   const bool done = store.transact_if(seen, [](Transaction& txn) { ... });
//
// That holds within the region. Another region can do the same at the same time, and both will have
// found no change: a rule that must hold everywhere needs a type that keeps it by merging.
#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <anabranch/scope.h>

namespace anabranch {

// The scope inside Store::transact. It sees its own writes; other scopes see them after the commit.
// Valid inside the function only, on its thread only: used later or elsewhere it and its handles
// throw Error{kInvalid}. Writes and transactions on the store itself throw Error{kInvalid} there,
// too.
class Transaction : public Scope {
 protected:
  Transaction() = default;
};

// The scope inside Store::read: all reads see one consistent state, that of its begin, whatever is
// written meanwhile, also by the function itself through its store. Writing to it throws
// Error{kInvalid}. Valid as a Transaction is. Keep it short: until it ends, rows removed meanwhile
// take room on the disk.
class ReadTransaction : public Scope {
 protected:
  ReadTransaction() = default;
};

// A fingerprint of the contents of some keys, taken at construction. A value type.
class Unchanged {
 public:
  // Covers no keys: always holds.
  Unchanged() = default;
  // Covers all contents of these keys, of any type; a key may be absent. To take it together with
  // the reads it protects, use a ReadTransaction. Costs as much as reading the keys. In large
  // collections name the rows (Key::element, Key::field).
  Unchanged(const Scope& scope, std::vector<Key> keys) {
    for (Key& key : keys) {
      const Fingerprint seen = scope.fingerprint(key);
      seen_.emplace_back(std::move(key), seen);
    }
  }
  // Returns whether the keys are unchanged, by writes of any region.
  [[nodiscard]] bool holds(const Scope& scope) const {
    for (const auto& [key, seen] : seen_) {
      if (scope.fingerprint(key) != seen) return false;
    }
    return true;
  }

 private:
  std::vector<std::pair<Key, Fingerprint>> seen_;
};

namespace detail {

// A function of a transaction that returns something: transact and read return the same.
template <typename Function, typename Txn>
concept Answers =
    std::is_invocable_v<Function&, Txn&> && !std::is_void_v<std::invoke_result_t<Function&, Txn&>>;

// Returns the result of function(transaction), which `run` carries out at most once; nullopt when
// it does not.
template <typename Txn, typename Function, typename Run>
auto answer_of(Function& function, const Run& run) {
  using Answer = std::invoke_result_t<Function&, Txn&>;
  static_assert(!std::is_reference_v<Answer>,
                "the function returns a reference, perhaps to something that ends with the "
                "transaction: return a value (with a lambda, `-> T` or no return type at all)");
  std::optional<std::remove_cv_t<Answer>> answer;
  run([&](Txn& txn) { answer.emplace(std::invoke(function, txn)); });
  return answer;
}

}  // namespace detail

}  // namespace anabranch
