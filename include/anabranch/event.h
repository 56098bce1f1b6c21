// Events of a leader: what an operator reads in the log, for the program that embeds it.
//
//   EventWatch events = store.events([](const Event& event) {
//     if (event.kind == Event::Kind::kPeerDown) show_offline(event.region, event.why);
//   });
//
// Events are differences between two states of the leader (status.h), looked at ten times a second
// at most, and at least once a second: a state that lasts shorter may pass without an event.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace anabranch {

struct Event {
  enum class Kind : std::uint8_t {
    kPeerUp,    // A peer is connected.
    kPeerDown,  // It is not, any more; `why`.
    kPeerAway,  // A peer cannot be reached, or one of both sides refuses the other: `why`. Told
                // again when the reason changes.
    kCaughtUp,  // A peer and this leader have all that the other had when they connected.
    kSnapshot,  // A snapshot is sent to a peer or comes from it: `why` is "sending", "receiving" or
                // "merging", `done` of `total` the bytes, or when merging the rows, so far.
    kSnapshotOver,  // It has ended, or was broken off: then another one follows.
    kDiskFull,      // Writes that add are refused.
    kDiskFree,      // They are accepted again.
    kClosed,     // The store takes no more writes until it is opened anew; the log has the reason.
    kFork,       // The origin `why` of a region has two histories.
    kConflicts,  // `done` entries more in the conflict log: Store::losers.
    kRole,       // The store leads from now on, or follows another leader: `why` is "leads" or
                 // "follows".
  };

  Kind kind = Kind::kPeerUp;
  std::string region = {};  // The peer's; empty for an event of this leader, or before it is known.
  std::string address = {};  // The address at which the peer is dialled; empty if it dials.
  std::string why = {};      // For people.
  std::uint64_t done = 0;
  std::uint64_t total = 0;   // 0 while unknown.
  std::uint64_t missed = 0;  // Events before this one that were dropped: the function was too slow.
};

// Returns the kind in words: "peer-up", "disk-full".
[[nodiscard]] std::string_view to_string(Event::Kind kind);
// Returns the event as a line for a log: "peer-away us at tcp://10.0.0.7:7400: no answer".
[[nodiscard]] std::string to_string(const Event& event);

// Called on threads of the store, one call at a time for each watch. It may use the store. An
// exception of it is logged, and the watch continues. Up to 1000 events wait for it.
using OnEvent = std::function<void(const Event&)>;

// A watch of events lives as long as this object, and no longer than its store. Movable.
class [[nodiscard]] EventWatch {
 public:
  class Impl;
  explicit EventWatch(std::shared_ptr<Impl> impl);
  // Ends the watch. As the end of a Watch: returns once the function is not running any more, at
  // once within the function and within a transaction of its store.
  ~EventWatch();
  EventWatch(EventWatch&&) noexcept;
  EventWatch& operator=(EventWatch&&) noexcept;

 private:
  void end();
  std::shared_ptr<Impl> impl_;
};

}  // namespace anabranch
