// Flags: on or off. A change replaces the changes that it has seen. Of concurrent changes one side
// wins, and only there do the two kinds differ: `EnableWinsFlag` is then on, `DisableWinsFlag` off.
// The outcome depends on no clock and no policy.
//
//   both know | here     | there    | enable-wins, concurrently | disable-wins, concurrently
//   -         | enable   | disable  | on                        | off
//   on        | enable   | disable  | on                        | off
//   off       | enable   | disable  | on                        | off
//   on        | disable  | disable  | off                       | off
//   on        | enable   | erase    | on                        | on
//
// Worked example. A feature is on everywhere. `us` disables it because of a fault, and `eu`,
// unaware of that, enables it again at the same time. With a DisableWinsFlag both regions arrive at
// off, and the flag stays off until an enable that has seen the disable.
//
// A flag that was never changed is off. A disabled flag is off too, but present: its key exists and
// is counted. An erase forgets the flag: all changes that the erase has seen are gone, and neither
// side of them wins any more. So the erase of a flag that is concurrent with an enable leaves the
// flag on, in both kinds.
//
// Known anomalies.
// - The winner need not be the last change by any clock.
// - A losing change is not done later: the flag stays as the winner left it until a change that has
//   seen the winner.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <anabranch/codec.h>
#include <anabranch/scope.h>

namespace anabranch {

// Reads a flag of either kind. As thread-safe as its scope.
template <Type kType>
class FlagReader : public detail::Reader {
 public:
  using detail::Reader::Reader;

  // Returns whether the flag is on; false when it was never changed or was erased.
  [[nodiscard]] bool get() const {
    std::optional<std::string> bytes = scope().get(key().of(kType));
    if (bytes) return detail::decode<bool>(key(), *std::move(bytes));
    expect_type(scope(), key(), kType);
    return false;
  }
};

// A flag of either kind. As thread-safe as its scope.
template <Type kType>
class Flag : public FlagReader<kType> {
 public:
  Flag(Scope& scope, Key key) : FlagReader<kType>(scope, std::move(key)) {}

  // Switches the flag on, or off, and replaces all changes seen here. A change to the same state is
  // written too: a concurrent change in another region meets it there.
  void enable() { put(true); }
  void disable() { put(false); }
  // Forgets the flag. Returns whether it was present, on or off.
  bool erase() {
    bool found = false;
    this->writable().atomically([&](Scope& txn) {
      expect_type(txn, this->key(), kType);
      const Key row = this->key().of(kType);
      found = txn.contains(row);
      txn.remove(row);
    });
    return found;
  }

 private:
  void put(bool value) {
    this->writable().atomically([&](Scope& txn) {
      expect_type(txn, this->key(), kType);
      txn.put(this->key().of(kType), Codec<bool>::encode(value));
    });
  }
};

// On when at least one of the concurrent changes enabled it.
using EnableWinsFlag = Flag<Type::kEnableWinsFlag>;
// Off when at least one of the concurrent changes disabled it.
using DisableWinsFlag = Flag<Type::kDisableWinsFlag>;

using EnableWinsFlagReader = FlagReader<Type::kEnableWinsFlag>;
using DisableWinsFlagReader = FlagReader<Type::kDisableWinsFlag>;

}  // namespace anabranch
