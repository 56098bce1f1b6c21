// Transactions: several reads and writes that become visible together, in every region.
//
// Within a region they cannot conflict, since it has one writer at a time: what a transaction reads
// stays so until it ends. Across regions they merge op by op, as the types say.
//
//   store.transact([](Transaction& txn) {               // All or nothing.
//     Counter{txn, "stock/eu"}.add(-5);
//     Counter{txn, "stock/us"}.add(+5);
//   });
//
// Where a person or another system decides between reading and writing, nothing can be held that
// long. Then the transaction says what it rests on, and is not run when that was written meanwhile:
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
// found nothing changed: what must hold everywhere needs a type that keeps it by merging.
#pragma once

#include <utility>
#include <vector>

#include <anabranch/scope.h>

namespace anabranch {

// The scope inside Store::transact: sees its own writes, and nobody sees them before the end. Valid
// inside the function only, on its thread only: used later or elsewhere it throws Error{kInvalid},
// as its handles do. The store itself must not be written or transacted on from there
// (Error{kInvalid}, too).
class Transaction : public Scope {
 protected:
  Transaction() = default;
};

// The scope inside Store::read: all reads see one consistent state, that of its begin, whatever is
// written meanwhile, by the function itself through its store too. Writing to it throws
// Error{kInvalid}. Valid as a Transaction is. Keep it short: what is removed meanwhile takes room
// on the disk as long.
class ReadTransaction : public Scope {
 protected:
  ReadTransaction() = default;
};

// What some keys held when it was made. A value; says nothing about other keys.
class Unchanged {
 public:
  // Nothing at all: holds always.
  Unchanged() = default;
  // All that is at these keys, of any type, nothing included. To make it together with what is
  // read, use a ReadTransaction; costs as much as is at the keys. Large collections: name the rows
  // (Key::element, Key::field).
  Unchanged(const Scope& scope, std::vector<Key> keys) {
    for (Key& key : keys) {
      const Fingerprint seen = scope.fingerprint(key);
      seen_.emplace_back(std::move(key), seen);
    }
  }
  // Whether they hold the same still, by whichever region they were written since.
  [[nodiscard]] bool holds(const Scope& scope) const {
    for (const auto& [key, seen] : seen_) {
      if (scope.fingerprint(key) != seen) return false;
    }
    return true;
  }

 private:
  std::vector<std::pair<Key, Fingerprint>> seen_;
};

}  // namespace anabranch
