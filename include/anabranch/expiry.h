// Expiry: a deadline after which a key of any type is absent.
//
// From its deadline on a key is absent for every read, by the clock of the reader's own region, and
// a write finds an empty key: a counter begins at 0, a set empty. The rows stay until the clock of
// every region has passed the deadline and all writes made before have arrived; then one region
// clears them. So a region that extends the deadline meanwhile, on the other side of a cut link,
// saves the key: no key is lost to another region's clock.
//
// A deadline is stored apart from the value and replaces every deadline that it has seen. Of two
// concurrent deadlines the later one counts, and `persist` is the latest of all. A deadline belongs
// to the contents over which it was set:
//
// - Of a register it counts as long as one of the values that its region showed is shown. So the
//   deadline of a value that lost a conflict does not remove the winner, and a value that is put
//   later has no deadline until it gets one.
// - Of a counter it counts as long as the counter alone is there: an addition does not change the
//   deadline, a put ends it.
// - Of a flag, set or map it counts for the whole key, as long as the key shows that type: elements
//   and fields come and go, and a flag is switched, without changing the deadline.
// - The removal of the key removes its deadline, too: values written after a removal, or after the
//   last element is gone, have none.
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
// other at 11:50. At 11:55 a client uses the session in `us` and extends it until 12:30. In `eu`
// the session is absent for readers from 12:00 on, but not cleared, since `eu` has not heard from
// `us`. At 12:10 the link is back: the later deadline counts, and the session is there in both
// regions.
//
// Known anomalies.
// - Clocks decide, and they differ. A region whose clock is ahead hides a key early, and a write to
//   the key there begins anew: its clear of the contents it had seen removes the old part
//   everywhere. A clock that others contradict by more than Options::clock_drift_ms_max stops
//   hiding keys after some seconds; a wrong clock that no connected leader contradicts goes on
//   hiding them. Clocks follow each other upwards, by that much at most, so that one clock that is
//   ahead hides keys early in the other regions, too. But no region clears a key before the clocks
//   of all have passed its deadline.
// - Until a key is cleared it is still counted in its database (Scope::count of Key::all).
// - A region that is cut off for longer than Options::expiry_wait_ms_max returns to keys that were
//   cleared; its own writes to them meanwhile stay, without the rest. A region whose clock was
//   wrong when last heard of is waited for until it is connected or declared lost.
// - Only whole keys expire, not fields of a map or elements of a set.
// - `persist` leaves a few bytes at the key as long as the key is there.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <anabranch/error.h>
#include <anabranch/scope.h>

namespace anabranch {

// Reads the deadline of one key, of whatever type. As thread-safe as its scope.
class ExpiryReader : public detail::Reader {
 public:
  using Millis = std::chrono::milliseconds;
  using Time = std::chrono::time_point<std::chrono::system_clock, Millis>;

  using detail::Reader::Reader;

  // Returns the deadline; nullopt when the key has none or is absent.
  [[nodiscard]] std::optional<Time> deadline() const {
    const std::optional<std::int64_t> at = scope().deadline(key());
    return at ? std::optional(Time(Millis(*at))) : std::nullopt;
  }
  // Returns the time left until the deadline, by this region's clock; nullopt when the key has no
  // deadline or is absent.
  [[nodiscard]] std::optional<Millis> left() const {
    const std::optional<std::int64_t> at = scope().deadline(key());
    return at ? std::optional(Millis(*at - scope().now_ms())) : std::nullopt;
  }
};

// The deadline of one key, of whatever type. Moments are rounded down to milliseconds. As
// thread-safe as its scope.
class Expiry : public ExpiryReader {
 public:
  Expiry(Scope& scope, Key key) : ExpiryReader(scope, std::move(key)) {}

  // Sets the deadline of the key; a moment in the past removes the key at once. Returns false when
  // the key is absent. Throws kInvalid for a field of a map, and for times beyond the year 10889.
  template <typename Duration>
  bool expire_at(std::chrono::time_point<std::chrono::system_clock, Duration> time) {
    return writable().expire(key(), std::chrono::floor<Millis>(time.time_since_epoch()).count());
  }
  // Sets the deadline to `duration` from now. Returns and throws as expire_at.
  bool expire_after(Millis duration) {
    bool found = false;
    writable().atomically([&](Scope& txn) {
      const std::int64_t now = txn.now_ms();
      if (duration.count() > std::numeric_limits<std::int64_t>::max() - now) {
        throw Error(ErrorCode::kInvalid, key().name() + ": this time to expire is too far away");
      }
      found = txn.expire(key(), now + duration.count());
    });
    return found;
  }
  // Removes the deadline. Returns false when the key has none or is absent.
  bool persist() { return writable().expire(key(), std::nullopt); }
};

}  // namespace anabranch
