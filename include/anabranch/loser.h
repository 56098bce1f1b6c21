// Losers: values that were written, acknowledged, and are not shown, or no longer.
//
//   for (const Loser& each : store.losers({.prefix = "doc/"})) {
//     std::cout << each.key << ": " << each.value << " of " << each.region << '\n';
//   }
//   store.put_back(store.losers().front().id);
//
// Each leader keeps the losers that it has seen in the conflict log of its data directory, up to a
// size and an age (Options::conflicts_bytes_max). docs/conflicts.md says for each type what a loser
// is. An id names a loser in the log of one leader; other leaders have other ids for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch {

struct Loser {
  enum class Kind : std::uint8_t {
    kMet,       // It stands, or stood, beside a concurrent value that is shown.
    kReplaced,  // It was replaced together with other values by a writer who had not read them.
    kPutBack,   // It was replaced when another value was put back.
    kHidden,    // Its key, or its field of a map, shows another type.
    kDoomed,    // Its key had a deadline that its writer had not seen, or the reverse: it goes when
                // the key expires.
  };

  std::string id;  // For Store::put_back, at this leader.
  Kind kind = Kind::kMet;
  std::uint8_t database = 0;
  std::string key;
  std::vector<std::string> path;  // Below the key, as stored (docs/formats.md): {"s"}, {"h", ...}.
  std::string value;
  std::string region;        // That wrote it; empty when unknown here.
  std::int64_t time_ms = 0;  // When, by the clock of that region: ms since 1970.

  // kMet: the value that the policy chose. nullopt where a function decides: then all values that
  // met are listed, also one that the function may show.
  std::optional<std::string> winner = {};
  std::string policy = {};     // "lww", "max"; "type" where the type of the key decides.
  bool was_shown = false;      // It was the one shown until it was replaced.
  std::string by_region = {};  // Whose write caused it; empty for a merged snapshot.
  std::int64_t logged_ms = 0;  // When this leader logged it, by its clock.
  // Its row shows this value now: a function or a new policy chose it, or it was written again.
  // Then put_back settles the row: the values beside it go. As of the call that returned the loser,
  // or was told of it; false also where this leader cannot decide between the values (kUnsupported,
  // kNoMemory).
  bool is_shown = false;
};

// Returns the kind in words: "met", "replaced", "put back".
[[nodiscard]] std::string_view to_string(Loser::Kind kind);

// Chooses losers. All of them by default, up to the limit.
struct LoserFilter {
  std::optional<std::uint8_t> database = {};  // Only of this one.
  std::string prefix = {};                    // Only of keys that begin so.
  std::int64_t since_ms = 0;                  // Only logged at this time or later.
  std::string before = {};  // Only older ones than the loser with this id: the next page.
  std::size_t limit = 1000;
};

// Called on threads of the store, one call at a time for each watch, with the losers of one entry
// of the log. It may use the store. An exception of it is logged, and the watch continues. Entries
// that a full log drops while the function runs are not told; a line of the log counts them.
using OnLosers = std::function<void(const std::vector<Loser>&)>;

// A watch of losers lives as long as this object, and no longer than its store. Movable.
class [[nodiscard]] LoserWatch {
 public:
  class Impl;
  explicit LoserWatch(std::shared_ptr<Impl> impl);
  // Ends the watch. As the end of a Watch: returns once the function is not running any more, at
  // once within the function and within a transaction of its store.
  ~LoserWatch();
  LoserWatch(LoserWatch&&) noexcept;
  LoserWatch& operator=(LoserWatch&&) noexcept;

 private:
  void end();
  std::shared_ptr<Impl> impl_;
};

}  // namespace anabranch
