// Watches: a function of the application receives all changes, of this and of other regions alike.
//
//   Watch watch = store.watch("doc/", [](const Changes& changes) {
//     if (changes.resync) std::cout << "look at everything anew\n";
//     for (const Change& each : changes.all) {
//       std::cout << each.key << " was written in " << changes.region << '\n';
//     }
//   });
//
// Each transaction is delivered once, as a whole, in the order in which this region came to see the
// transactions: so after everything that it depends on. No writer waits for a watch. A watch so
// slow that the log no longer reaches back to its place, or whose region has taken a snapshot,
// receives a resync (Changes::resync).
//
// A store has four threads for the functions of all its watches. A function that runs for over a
// second gets one more thread until it returns, up to 32 in all; beyond, others wait. Undelivered
// changes take at most a MiB of memory for each watch, and 64 MiB for all watches of a store; more
// changes are read again from the log.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/key.h>

namespace anabranch {

// The place of a change in the words of handles.
struct ChangedPlace {
  // The key, or the field or element below it, for handles: Counter{store, place.at}.
  Key at;
  // The fields of maps within maps that lead there, the outermost first; of a list of containers
  // the id of the element. Empty for the key itself.
  std::vector<std::string> fields;
  // The type that was written there; kNone when all of any type was removed.
  Type type = Type::kNone;
  // The element of a set, or the member of a sorted set, as bytes (Codec). nullopt for other types,
  // also for lists, whose elements have no names, and when the whole collection was removed.
  std::optional<std::string> element;
};

// One effect on one key. The key may show a concurrent write instead: read the key for its present
// value.
struct Change {
  enum class Kind {
    kPut,     // A value was put, an element inserted.
    kRemove,  // Values were removed.
    kAdd,     // A number was added to a counter.
    kReset,   // Additions to a counter were taken back.
    kClear,   // The whole key, or everything below `path` in it, was removed.
    kPolicy,  // A policy was set, proposed or removed for all keys that begin with `key`: those
              // with concurrent values may show another one. Told whether it is in force or not.
  };
  std::string key;                // As its user named it; empty when all keys were removed.
  std::vector<std::string> path;  // Below the key, as stored (docs/formats.md): {"e", ELEMENT}, ...
  Kind kind = Kind::kPut;
  // The value put, the number added as decimal text, or the policy ("max", "native NAME", "none"
  // when it was removed; empty when a proposal was withdrawn); else empty.
  std::string value;
  std::uint8_t database = 0;  // Of the key: Key(change.database, change.key).

  // Returns the place in the words of handles; of a policy, and when all keys were removed, that of
  // `key`. Throws kTooLarge for a name over 64 KiB; no handle writes one.
  [[nodiscard]] ChangedPlace place() const;
};

// Returns the kind in words: "put", "remove", "clear".
[[nodiscard]] std::string_view to_string(Change::Kind kind);

// The watched changes of one transaction; or, as a resync, the notice that unknown changes may have
// happened.
struct Changes {
  std::vector<Change> all;
  std::string region;        // The region of the transaction; empty when unknown.
  bool remote = false;       // Written in another region.
  std::int64_t time_ms = 0;  // By the clock of that region, since 1970.
  bool resync = false;       // Read all needed keys again; `all` is empty.
  // Continues a watch behind this transaction, here or in another region: see Store::watch.
  // Transactions that were committed together may then be delivered again. Also a session's token.
  std::string token;
};

// A watch lives as long as this object, and no longer than its store. Movable.
class [[nodiscard]] Watch {
 public:
  class Impl;
  explicit Watch(std::shared_ptr<Impl> impl);
  // Ends the watch. Returns once the function is not running any more and will not be called again.
  // Returns at once within the function itself, and within a transaction of its store, since the
  // function may be waiting for that: then the transaction returns when the function is not running
  // any more.
  ~Watch();
  Watch(Watch&&) noexcept;
  Watch& operator=(Watch&&) noexcept;

 private:
  void end();
  std::shared_ptr<Impl> impl_;
};

// Called on threads of the store, one call at a time for each watch. It may use the store. An
// exception of it is logged, and the watch continues. An open document (text_document.h) shows at
// least the changes delivered.
using OnChanges = std::function<void(const Changes&)>;

}  // namespace anabranch
