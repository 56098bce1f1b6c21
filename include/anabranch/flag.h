// Flags: on or off. A change replaces the changes that it has seen. Of changes that have not seen
// each other one side wins, and that is all in which the two kinds differ: `EnableWinsFlag` is then
// on, `DisableWinsFlag` off. No clock and no policy takes part.
//
//   both know | here     | there    | enable-wins, concurrently | disable-wins, concurrently
//   -         | enable   | disable  | on                        | off
//   on        | enable   | disable  | on                        | off
//   off       | enable   | disable  | on                        | off
//   on        | disable  | disable  | off                       | off
//   on        | enable   | erase    | on                        | on
//
// Worked example. A feature is on everywhere. `us` disables it because of a fault, and `eu`, which
// has not heard of that, enables it again at the same time. With a DisableWinsFlag both regions
// arrive at off, and it stays off until somebody who has seen the disable enables it.
//
// A flag that nobody has touched is off. One that was disabled is off too, but there: its key
// exists, and counts. To erase it is to forget it: what was said of it so far is gone, and neither
// side of it wins any more. So the erase of a flag that is concurrent with an enable leaves it on,
// in both kinds.
//
// Known anomalies.
// - The winner need not be the last one by anybody's clock.
// - A change that loses is not done later: the flag stays as the winner left it until somebody who
//   has seen that changes it again.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <anabranch/codec.h>
#include <anabranch/scope.h>

namespace anabranch {

// A flag of either kind. As thread-safe as its scope.
template <Type kType>
class Flag {
 public:
  Flag(Scope& scope, Key key) : scope_(scope), key_(std::move(key)) {}

  // Whether it is on; off when it was never touched or was erased.
  [[nodiscard]] bool get() const {
    std::optional<std::string> bytes = scope_->get(key_.of(kType));
    if (bytes) return detail::decode<bool>(key_, *std::move(bytes));
    expect_type(*scope_, key_, kType);
    return false;
  }
  // Replaces all changes seen here. One that changes nothing is written all the same: it is what a
  // concurrent change elsewhere meets.
  void enable() { put(true); }
  void disable() { put(false); }
  // Forgets the flag. Returns whether there was one, on or off.
  bool erase() {
    bool found = false;
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, kType);
      const Key row = key_.of(kType);
      found = txn.contains(row);
      txn.remove(row);
    });
    return found;
  }

 private:
  void put(bool value) {
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, kType);
      txn.put(key_.of(kType), Codec<bool>::encode(value));
    });
  }

  ScopeRef scope_;
  Key key_;
};

// On when any of the concurrent changes enabled it.
using EnableWinsFlag = Flag<Type::kEnableWinsFlag>;
// Off when any of the concurrent changes disabled it.
using DisableWinsFlag = Flag<Type::kDisableWinsFlag>;

}  // namespace anabranch
