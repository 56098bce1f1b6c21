// A long write: a transaction of many commands, a command of many words, a copy of a large value.
// It is staged in slices, with reads of other clients, of the committed state, in between.
//
// Nothing else is staged meanwhile, and nothing is committed: other writes, and all that looks at
// more than rows, wait for it. So it is one transaction, here and in all regions, and what it reads
// is one state. It begins when nothing is staged. If its client goes, or the server ends, it is
// undone.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "server/resp/command.h"
#include "server/resp/host.h"
#include "server/resp/slices/paced_scope.h"
#include "server/resp/slices/strand.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class LongWrite {
 public:
  // Runs a call.
  using Run = std::function<void(Call& call)>;

  // The request of a client. The arguments must stay valid until it is over; `run` is called once,
  // on the strand.
  LongWrite(Host& host, Client& client, const Resolved& resolved, Arguments arguments, Run run);

  // Goes on until about `until`; returns whether it is over.
  bool go_on(SteadyTime until);
  // Throws what the command has thrown: NoRoom, or Strand::TooMuch. Once, when it is over.
  void result() const { strand_.result(); }

  [[nodiscard]] const Call& call() const { return call_; }
  // Where the answer begins.
  [[nodiscard]] std::size_t begin() const { return begin_; }
  // The time of all slices so far.
  [[nodiscard]] std::chrono::nanoseconds took() const { return took_; }

 private:
  PacedTransaction scope_;
  Call call_;
  const Run run_;
  const std::size_t begin_;
  std::chrono::nanoseconds took_{0};
  Strand strand_;  // The last one: it ends before what it uses.
};

}  // namespace anabranch::server
