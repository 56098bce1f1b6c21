// Watches: a function of yours is told what changes, here and in other regions alike.
//
//   Watch watch = store.watch("doc/", [](const Changes& changes) {
//     if (changes.resync) std::cout << "look at everything anew\n";
//     for (const Change& each : changes.all) {
//       std::cout << each.key << " was written in " << changes.region << '\n';
//     }
//   });
//
// Each transaction is told once, as a whole, in the order in which this region came to see them: so
// after everything that it depends on. Nobody waits for a watch. One that is so slow that the log
// no longer reaches back to where it stands, or whose region has taken a snapshot, is told to look
// at everything anew (Changes::resync).
//
// A store has four threads for the functions of all its watches. A function that runs for over a
// second gets one more thread until it returns, up to 32 in all; beyond, others wait. What a watch
// has not been told yet takes at most a MiB of memory, and all watches of a store 64 MiB; more than
// that is read again from the log.
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
  std::string value;          // What was put, or added (as a number in words); else empty.
  std::uint8_t database = 0;  // Of the key: Key(change.database, change.key).
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
  // Returns when the function is not running any more and will not be called again. Returns at once
  // within the function itself, and within a transaction of its store, for which the function may
  // be waiting: then the transaction returns when the function is not running any more.
  ~Watch();
  Watch(Watch&&) noexcept;
  Watch& operator=(Watch&&) noexcept;

 private:
  void end();
  std::shared_ptr<Impl> impl_;
};

// Called on threads of the store, never twice at once for one watch. It may use the store. What it
// throws is logged, and the watch goes on. An open document (text_document.h) shows at least what
// it is told.
using OnChanges = std::function<void(const Changes&)>;

}  // namespace anabranch
