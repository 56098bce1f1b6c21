// WATCH: the keys that clients watch, and whether anything at them has changed in this region
// since.
//
// Every change of a row, by a client of this port or by another region, passes through the log of
// the leader. While anybody watches, the log is followed from turn to turn, and each op is looked
// up among the watched keys. So a watched key costs no read, however large it is. Expiry changes no
// row: a key that was there and is gone has changed. Nor does SADD of a member that is there,
// though it is an op, for other regions: after additions alone a set has changed if it has more
// members.
//
// Where the log cannot tell what has happened, as after rows came by a snapshot, all watched keys
// count as changed.
//
// A large batch is read, and let go of, by the thread that has committed it: follow() is
// thread-safe, and beside it the functions of the loop wait for the look at its ops at most, but
// watch() and changed(), which follow themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <anabranch/scope.h>

#include "core/batch.h"
#include "core/mutex.h"
#include "core/op.h"
#include "leader/leader.h"
#include "server/resp/client.h"

namespace anabranch::server {

class WatchedKeys {
 public:
  // Of all clients together.
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20U;
  // Of one client: to look at all of them, or to forget them, is one piece of work.
  static constexpr std::size_t kKeysMax = 10'000;

  // `leader` must outlive it.
  explicit WatchedKeys(const leader::Leader& leader) : leader_(leader) {}
  WatchedKeys(const WatchedKeys&) = delete;
  WatchedKeys& operator=(const WatchedKeys&) = delete;

  // Watches a key from now on. Nothing may be staged. Throws Error{kTooLarge} if all clients watch
  // too much already.
  void watch(const Client& client, std::string_view name, const Scope& scope);
  // Forgets all keys of a client; also of one that watches none.
  void forget(const Client& client);

  [[nodiscard]] bool watches(const Client& client) const {
    const std::lock_guard lock(mutex_);
    return clients_.contains(client.id);
  }
  // Whether anything at the client's keys has changed. Nothing may be staged but what this client
  // itself does.
  [[nodiscard]] bool changed(const Client& client, const Scope& scope);
  // Notes a removal that has begun and is not in the log yet.
  void touch(std::uint8_t database, std::string_view name);
  // Follows the log to its end. Thread-safe.
  void follow();

  // ---- For INFO.

  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  [[nodiscard]] std::size_t keys() const { return keys_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Watched {
    Key key;
    bool was_there;
    std::uint64_t members;  // Of the set at the key, at that time.
    bool added = false;     // To the set, perhaps what it had.
    bool changed = false;
  };
  // What an op does to a watched key.
  enum class Act : std::uint8_t { kChanges, kRemoves, kAdds };
  using Keys = std::map<std::string, Watched>;  // By encoded path.
  // The clients that watch a key. A second act of a kind changes nothing for them: so many writes
  // of a key that many watch are marked once.
  struct Watchers {
    std::vector<std::uint64_t> clients;
    bool changed = false;  // For all of them.
    bool removed = false;  // Since the last addition, too.
    bool added = false;
  };

  // Notes the ops of a batch; functions of the loop come between some of them.
  void take(const core::Batch& batch);
  void take(const core::Op& op);
  void mark_all(const std::string& path, Watchers& watchers, Act act);
  // Nobody knows what has changed.
  void lose_track();
  [[nodiscard]] bool any() const {
    const std::lock_guard lock(mutex_);
    return !clients_.empty();
  }
  void change_all();
  // Marks the keys whose encoded path begins with `prefix`.
  void mark_below(std::string_view prefix, Act act);
  static void mark(Watched& watched, Act act);

  const leader::Leader& leader_;
  core::Mutex following_;                    // Before the other one.
  std::optional<leader::LogCursor> cursor_;  // While anybody watches, and a little longer.

  mutable core::Mutex mutex_;                        // Of all below.
  std::unordered_map<std::uint64_t, Keys> clients_;  // By the id of the client.
  // The clients that watch a key, by its encoded path.
  std::map<std::string, Watchers, std::less<>> watchers_;
  std::size_t keys_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace anabranch::server
