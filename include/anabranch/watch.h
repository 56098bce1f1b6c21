// Watches: a function of yours is told what changes, here and in other regions alike.
//
//   Watch watch = store.watch("doc/", [](const Changes& changes) {
//     for (const Change& each : changes.all) std::cout << each.key << " in " << each.region <<
//     "\n";
//   });
//
// Each transaction is told once, as a whole, in the order in which this region came to see them: so
// after everything that it depends on. Nobody waits for a watch: it reads the log, on a thread of
// its own. One that is so slow that the log no longer reaches back to where it stands, or whose
// region has taken a snapshot, is told to look at everything anew (Changes::resync).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace anabranch {

// One effect on one key. What others wrote concurrently may be shown all the same: read the key to
// know what it shows now.
struct Change {
  enum class Kind {
    kPut,     // A value was put, an element inserted.
    kRemove,  // Values were removed.
    kAdd,     // Something was added to a counter.
    kReset,   // A counter was taken back.
    kClear,   // The key, or what is below the path in it, was removed as a whole.
  };
  std::string key;                // As its user named it; empty when all keys were removed.
  std::vector<std::string> path;  // Below the key, as stored (docs/formats.md): {"e", ELEMENT}, ...
  Kind kind = Kind::kPut;
  std::string value;  // What was put, or added (as a number in words); else empty.
};

// What one transaction has changed of what is watched; or that something may have changed that
// nobody can tell any more.
struct Changes {
  std::vector<Change> all;
  std::string region;        // Where it was written; empty when that is not known.
  bool remote = false;       // Not in this region.
  std::int64_t time_ms = 0;  // By the clock of that region, since 1970.
  bool resync = false;       // Read what you need anew; `all` is empty.
  // Goes on behind this, here or in another region: see Store::watch. Transactions that were
  // committed together may then be told once more. Also a session's token.
  std::string token;
};

// A watch lives as long as this object, and no longer than its store. Movable.
class [[nodiscard]] Watch {
 public:
  class Impl;
  explicit Watch(std::shared_ptr<Impl> impl);
  // Returns when the function is not running any more and will not be called again. Must not be
  // destroyed by that function itself.
  ~Watch();
  Watch(Watch&&) noexcept;
  Watch& operator=(Watch&&) noexcept;

 private:
  std::shared_ptr<Impl> impl_;
};

// Called on the watch's own thread, never twice at once. It may use the store. What it throws is
// logged, and the watch goes on.
using OnChanges = std::function<void(const Changes&)>;

}  // namespace anabranch
