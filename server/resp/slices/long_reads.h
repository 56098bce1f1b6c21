// Long reads: the elements of a large collection, KEYS, or the values of many keys. Each is
// executed on a strand, in slices, with other clients' commands in between.
//
// A command that exceeds a short time limit is rewound and begins anew, over one committed state,
// which is kept until the command is done; so the answer is one consistent state, however much is
// written meanwhile. The part read so far is the client's draft, and counts as an unsent answer.
// When the draft is complete, the command is run once more, to deliver it. Until then no other
// command of the client is run. A transaction that only reads is such a read, too; one that also
// writes is a long write (long_write.h).
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>

#include "leader/leader.h"
#include "server/resp/command.h"
#include "server/resp/host.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class LongReads {
 public:
  // Returns the maximum length of a client's draft at present.
  using RoomFor = std::function<std::size_t(const Client&)>;
  // Called after a slice was read for a client; `over`: its command is to be run again, or waits,
  // as its HeldBack tells.
  using After = std::function<void(Client&, bool over)>;

  LongReads();
  ~LongReads();
  LongReads(const LongReads&) = delete;
  LongReads& operator=(const LongReads&) = delete;

  // Begins the read of a client's command. The arguments must stay valid until it is over, or
  // forgotten.
  void begin(Client& client, const Resolved& resolved, Arguments arguments);
  // Whether any read can go on: its client must be apart from all commits, or the committed state
  // might lack what the client has written.
  [[nodiscard]] bool any_ready() const;
  // Whether some reads have no state yet, so that the next commit would be included in their
  // state...
  [[nodiscard]] bool any_to_begin() const;
  // ...unless this is called before. Nothing may be staged. Returns false if too many states are
  // kept already.
  [[nodiscard]] bool keep_state(Host& host);
  // Continues the reads that are ready, in turns, until `until`.
  void go_on(Host& host, SteadyTime until, const RoomFor& room, const After& after);
  // Forgets a client that is closed, or whose input was dropped.
  void forget(Host& host, const Client& client);

 private:
  // Reads that take turns, and states that are kept: the number that storage has room for.
  static constexpr std::size_t kAtOnce = 8;
  static constexpr std::size_t kStatesMax = 32;
  // The rows that a transaction may look at: it keeps one state, and a part of each turn.
  static constexpr std::size_t kUnitsMax = 50'000'000;
  struct Read;

  using State = std::shared_ptr<leader::KeptView>;
  // Reads a slice, over `newest` if it is the first; a null `newest` is loaded. Returns whether
  // that was the last slice.
  static bool slice(Read& read, Host& host, SteadyTime until, std::size_t room, State& newest);

  // The same without a draft. Throws what the command throws.
  static bool go_on(Read& read, Host& host, SteadyTime until);

  // Takes the first read that can go on; null: there is none.
  std::unique_ptr<Read> take_ready();

  std::deque<std::unique_ptr<Read>> reads_;  // In the order of their next slices.
};

}  // namespace anabranch::server
