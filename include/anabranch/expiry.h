// Expiry: a key of any type that ceases to be at a time.
//
// From its deadline on a key is absent for every read, by the reader's own region's clock, and a
// write finds nothing there: a counter begins at 0, a set empty. Until every region's clock has
// passed the deadline, and what they wrote before has arrived, the rows stay; then one region
// clears them. So a region that lets the key live longer meanwhile, on the other side of a cut
// link, saves it: nothing is lost to somebody else's clock.
//
// A deadline is kept apart from the value and replaces every deadline that it has seen. Of two that
// have not seen each other the later one counts, and `persist` is the latest of all. It belongs to
// what it was set over:
//
// - Of a register it counts as long as one of the values that its region showed is shown. So the
//   deadline of a value that lost a conflict does not take the winner along, and a value that is
//   put later has none until it gets one.
// - Of a counter it counts as long as the counter alone is there: adding does not change it, a put
//   ends it.
// - Of a flag, set or map it counts for all of it, as long as the key shows that type: elements and
//   fields come and go under it, and a flag is switched, without changing it.
// - With the key the deadline goes, too: what is written after a removal, or after the last element
//   is gone, has none.
//
//   both know            | here        | there       | concurrently
//   5, without deadline  | expire at 9 | expire at 7 | 5, until 9
//   5, until 9           | persist     | expire at 20| 5, for ever
//   5, until 9           | put 6       | expire at 20| 6, for ever
//   -                    | put 5, expire at 9 | put 6, later | 6, for ever
//   {x}, until 9         | insert y    | expire at 20| {x y}, until 20
//   {x}, until 9         | insert y at 10 | -        | {y}, for ever
//
// Worked example. `eu` and `us` have a session {user=ada}, until 12:00, and are cut off from each
// other at 11:50. At 11:55 somebody uses the session in `us`, which lets it live until 12:30. In
// `eu` it is gone at 12:00, to its readers, but not cleared, since `us` has not been heard of. At
// 12:10 they meet: the later deadline counts, and the session is there in both.
//
// Known anomalies.
// - Clocks decide, and they differ. A region whose clock is ahead hides a key early, and what is
//   written to it there begins anew: the clear of what it had seen takes the old part away
//   everywhere. A clock that others contradict by more than Options::clock_drift_ms_max hides
//   nothing, after some seconds; one that nobody contradicts, since nobody is connected, does.
//   Clocks follow each other upwards, by that much at most, so that one that is ahead hides keys
//   early in the others, too. But nobody clears a key before the clocks of all have passed it.
// - Until a key is cleared it is still counted in its database (Scope::count of Key::all).
// - A region that is cut off for longer than Options::expiry_wait_ms_max comes back to keys that
//   were cleared; what it wrote to them meanwhile stays, without the rest. One whose clock was
//   wrong when it was heard of last is waited for, until it is there or declared lost.
// - Only whole keys expire, not fields of a map or elements of a set.
// - `persist` leaves a few bytes at the key as long as that is there.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <anabranch/error.h>
#include <anabranch/scope.h>

namespace anabranch {

// When a key expires, whatever it holds. Moments are rounded down to milliseconds. As thread-safe
// as its scope.
class Expiry {
 public:
  using Millis = std::chrono::milliseconds;
  using Time = std::chrono::time_point<std::chrono::system_clock, Millis>;

  Expiry(Scope& scope, Key key) : scope_(scope), key_(std::move(key)) {}

  // Lets the key expire at a moment; at once, when that is over. Returns false when the key is not
  // there. Throws kInvalid for a field of a map, and for times beyond the year 10889.
  template <typename Duration>
  bool expire_at(std::chrono::time_point<std::chrono::system_clock, Duration> time) {
    return scope_->expire(key_, std::chrono::floor<Millis>(time.time_since_epoch()).count());
  }
  // The same so long from now on.
  bool expire_after(Millis duration) {
    bool found = false;
    scope_->atomically([&](Scope& txn) {
      const std::int64_t now = txn.now_ms();
      if (duration.count() > std::numeric_limits<std::int64_t>::max() - now) {
        throw Error(ErrorCode::kInvalid, key_.name() + ": this time to expire is too far away");
      }
      found = txn.expire(key_, now + duration.count());
    });
    return found;
  }
  // Lets the key stay. Returns false when it would not have expired, or is not there.
  bool persist() { return scope_->expire(key_, std::nullopt); }

  // When it expires; nothing when it never does, or is not there.
  [[nodiscard]] std::optional<Time> deadline() const {
    const std::optional<std::int64_t> at = scope_->deadline(key_);
    return at ? std::optional(Time(Millis(*at))) : std::nullopt;
  }
  // How long it still has, by this region's clock; nothing as above.
  [[nodiscard]] std::optional<Millis> left() const {
    const std::optional<std::int64_t> at = scope_->deadline(key_);
    return at ? std::optional(Millis(*at - scope_->now_ms())) : std::nullopt;
  }

 private:
  ScopeRef scope_;
  Key key_;
};

}  // namespace anabranch
