// Reads that take long: the elements of a large collection, KEYS, or the values of many keys. Each
// goes in slices, and others are let in between.
//
// A command that is not done within a short time is taken back and begins anew, over one committed
// state, which is kept until it is done; so the answer is one consistent state, however much is
// written meanwhile. What is read so far is the client's draft, and counts as an answer that waits
// to be sent. When it is whole, the command is run once more, to give it. Until then nothing else
// of the client is run. A read within MULTI is a part of that transaction, and never sliced.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>

#include "leader/leader.h"
#include "server/resp/command.h"
#include "server/resp/host.h"
#include "server/resp/long_answer.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class LongReads {
 public:
  // How long a client's draft may become now.
  using RoomFor = std::function<std::size_t(const Client&)>;
  // A slice was read for a client; `over`: its command is to be run again, or waits, as its
  // HeldBack says.
  using After = std::function<void(Client&, bool over)>;

  LongReads();
  ~LongReads();
  LongReads(const LongReads&) = delete;
  LongReads& operator=(const LongReads&) = delete;

  // A client's command. Its arguments must stay until it is over, or forgotten.
  void begin(Client& client, const Resolved& resolved, Arguments arguments);
  [[nodiscard]] bool any() const { return !reads_.empty(); }
  // Whether some have not begun, so that what is committed next would be in their state...
  [[nodiscard]] bool any_to_begin() const;
  // ...unless this is called before. Nothing may be staged. Returns false when too many states are
  // kept already.
  [[nodiscard]] bool keep_state(Host& host);
  // Goes on with them in turns, until a time. Nothing may be staged.
  void go_on(Host& host, SteadyTime until, const RoomFor& room, const After& after);
  // A client has gone, or what it has sent.
  void forget(Host& host, const Client& client);

 private:
  // Reads that go on at a time, and states that are kept: storage has room for so many.
  static constexpr std::size_t kAtOnce = 8;
  static constexpr std::size_t kStatesMax = 32;
  struct Read;

  using State = std::shared_ptr<leader::KeptView>;
  // Reads a slice, over `newest` if it is the first, which is looked up if it is null. Returns
  // whether that was the last one.
  static bool slice(Read& read, Host& host, SteadyTime until, std::size_t room, State& newest);

  std::deque<std::unique_ptr<Read>> reads_;  // Those that go on next first.
};

}  // namespace anabranch::server
