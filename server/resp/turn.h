// The commands of one turn of the loop: runs them as group commits, and knows the answers that
// depend on the pending commit.
//
//   turn.execute(client, arguments);  // Any number of times, of any clients.
//   turn.commit();                    // Now the clients' answers may be sent.
//
// Invariant: no answer that saw an uncommitted write outlives the failure of its commit. From the
// first write of an open group on, the answers of commands that read or write are remembered; if
// the commit fails, each becomes an error. Earlier answers, and those of other commands, stay.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

#include "leader/threads/watchdog.h"
#include "server/resp/command.h"
#include "server/resp/host.h"
#include "server/resp/long_reads.h"
#include "server/resp/removals.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class Turn {
 public:
  explicit Turn(Host& host)
      : host_(host), watchdog_(host.leader.region(), host.options.transaction_patience) {
    host.watchdog = &watchdog_;
    host.observed.commands.resize(all_rows().size());
  }

  // Answers one request: runs it, queues it or refuses it. Commits when the group is full. A
  // request that cannot run now is not answered, and leaves a HeldBack with the client.
  void execute(Client& client, Arguments arguments);
  // Refuses a request that could not be read; inside a transaction this aborts the transaction.
  void refuse(Client& client, std::string_view error);
  // Commits the open group. The clients' outputs must still hold all answers since the last commit.
  void commit();

  // Continues long reads until `until`; nothing may be staged.
  void read_some(SteadyTime until, const LongReads::RoomFor& room, const LongReads::After& after) {
    reads_.go_on(host_, until, room, after);
  }
  [[nodiscard]] bool reading() const { return reads_.any(); }
  // Forgets a client that is closed, or whose input was dropped.
  void forget(Client& client);

  // Continues removals of many keys until `until`.
  void remove_some(SteadyTime until);
  [[nodiscard]] bool removing() const { return removals_.any(); }

 private:
  // The place of an answer in its client's output.
  struct Answer {
    Client* client;
    std::size_t begin;
    std::size_t end;
  };

  // Whether CLIENT PAUSE makes a request wait.
  [[nodiscard]] bool is_paused(const Client& client, const Command& command) const;
  // Whether a client may run a request; if not, replies with the reason.
  bool admits(Client& client, const Resolved& resolved, Arguments arguments);
  // Refuses an EXEC that has too many words, which ends its transaction, as in Redis: otherwise the
  // client's next EXEC would run commands meant for this one.
  void discard(Client& client, std::string_view error);
  // Refuses a request without a row, or whose words are wrong.
  void reject(Client& client, const Resolved& resolved, Arguments arguments);
  // Notes that a command has run; its answer begins at `begin`.
  void finish(const Call& call, std::size_t begin);
  void note_slow(const Call& call, std::chrono::nanoseconds took);
  // Shows a command to the clients that have sent MONITOR.
  void show(const Client& client, const Command& command, Arguments arguments);
  void note_commit(std::chrono::nanoseconds took);
  // Runs a request; false if there is no room for its answer.
  bool run_within_room(Call& call, std::size_t begin);
  // Runs a request, under the watchdog if it may take long.
  void run_watched(Call& call);
  // Whether a command may run beside the removals in progress.
  bool make_way(Client& client, const Command& command, Arguments arguments);
  void begin_removal(Client& client, const Command& command, Arguments arguments);
  void begin_read(Client& client, const Resolved& resolved, Arguments arguments);
  // Delivers the drafted answer.
  void give_draft(Client& client, Arguments arguments);
  void enqueue(Client& client, const Resolved& resolved, Arguments arguments);
  // Turns all remembered answers into this error.
  void revoke(std::string_view error);

  Host& host_;
  leader::Watchdog watchdog_;
  Removals removals_;
  LongReads reads_;
  bool wrote_ = false;
  std::vector<Answer> answers_;
};

}  // namespace anabranch::server
