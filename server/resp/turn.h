// The commands of one turn of the loop: runs them as group commits, and knows the answers that
// depend on the pending commit.
//
//   turn.execute(client, arguments);  // Any number of times, of any clients.
//   turn.commit();                    // Now the clients' answers may be sent.
//
// Or, where others can be served meanwhile:
//
//   turn.begin_commit();              // Now those may be sent whose clients are apart,
//   turn.execute(other, arguments);   // others are served, and their writes staged,
//   turn.finish_commit();             // and now all may be sent that are not of the next group.
//
// A read of a client that has nothing in the open group, nor in a commit under way, is of the
// committed state; so it waits for no disk.
//
// Invariant: no answer that saw an uncommitted write outlives the failure of its commit. From the
// first write of an open group on, the answers of commands that write, or read the group, are
// remembered; if the commit fails, each becomes an error. Earlier answers, and those of other
// commands, stay.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "leader/scopes/view.h"
#include "leader/threads/watchdog.h"
#include "server/resp/command.h"
#include "server/resp/host.h"
#include "server/resp/slices/leader_aside.h"
#include "server/resp/slices/long_reads.h"
#include "server/resp/slices/long_write.h"
#include "server/resp/slices/removals.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class Turn {
 public:
  explicit Turn(Host& host);
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // Answers one request: runs it, queues it or refuses it. Commits when the group is full. A
  // request that cannot run now is not answered, and leaves a HeldBack with the client.
  void execute(Client& client, Arguments arguments);
  // Refuses a request that could not be read; inside a transaction this aborts the transaction.
  void refuse(Client& client, std::string_view error);
  // Commits the open group. The clients' outputs must still hold all answers since the last commit.
  void commit();
  // Begins to commit the open group, if none is under way. If committing() afterwards, its clients
  // are kUnderWay, and their outputs stay as they are until it is finished. Commits at once where
  // nobody is likely to be served meanwhile.
  void begin_commit();
  // Waits for the commit under way, or for the turn of the leader.
  void finish_commit();
  // Whether one of them is: the leader's turn applies what others have committed.
  [[nodiscard]] bool committing() const { return aside_.away() || host_.leader.committing(); }
  // Begins a turn of the leader that takes long. Nothing may be staged, or under way.
  void begin_leader_turn() { aside_.begin_turn(); }
  // Takes the time that such a turn, which is over, has told until the next one.
  std::optional<std::chrono::milliseconds> take_leader_rest() {
    return std::exchange(leader_rest_, std::nullopt);
  }
  // Whether the leader is away, making a large commit or a turn: it must not be asked.
  [[nodiscard]] bool leader_is_away() const { return aside_.away(); }
  // Readable when it can come back: finish_commit() need not wait then.
  [[nodiscard]] int leader_is_back_fd() const { return aside_.fd(); }
  // The vector of the committed state, for sessions.
  [[nodiscard]] rows::PublishedVector::Shared committed_vector() const {
    return aside_.committed();
  }
  // Whether there is an open group that may wait for commands that have come already: it is small
  // and young, and no commit is under way.
  [[nodiscard]] bool may_gather() const;
  // Tells whether writes may be staged while a commit is under way.
  void allow_staging(bool may) { may_stage_ = may; }
  // Whether commands wait for the commit under way.
  [[nodiscard]] bool any_behind() const { return !behind_.empty(); }
  // Whether there is anything to go on with that waits for nothing.
  [[nodiscard]] bool works() const {
    return staging() || (!committing() && (removing() || dirty()));
  }
  // Whether anything is staged in the open group.
  [[nodiscard]] bool dirty() const { return open_.wrote; }
  // Has a client wait for the commit under way with its next command.
  void wait_for_commit(Client& client);
  // Takes the clients that have waited for a commit, and wait no longer.
  std::vector<Client*> take_released() { return std::exchange(released_, {}); }

  // Continues long reads until `until`.
  void read_some(SteadyTime until, const LongReads::RoomFor& room, const LongReads::After& after) {
    reads_.go_on(host_, until, room, after);
  }
  // Whether there are long reads that can be continued.
  [[nodiscard]] bool reading() const { return reads_.any_ready(); }
  // Forgets a client whose input was dropped.
  void forget(Client& client);
  // Forgets a client that is closed.
  void forget_closed(Client& client);

  // Continues a long write until `until`. Returns its client when it is over: the client has its
  // answer, in the open group, or is held back.
  Client* stage_some(SteadyTime until);
  // Whether one is under way: nothing else is staged or committed.
  [[nodiscard]] bool staging() const { return write_ != nullptr; }
  [[nodiscard]] const Client& staged_client() const { return write_->call().client; }
  // Undoes it.
  void abandon_write();

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
  // The clients and answers that depend on one commit.
  struct Group {
    bool wrote = false;
    std::vector<Answer> answers;
    std::vector<Client*> members;
    SteadyTime wrote_at = {};  // The first command that writes.
    SteadyTime begun = {};     // Its commit.
  };

  // Whether nobody may commit, since a commit or a long write is under way.
  [[nodiscard]] bool busy() const { return committing() || staging(); }
  // Whether the lead is being handed over.
  [[nodiscard]] bool hands_over() const;
  // Whether CLIENT PAUSE, or a handover of the lead, makes a request wait.
  [[nodiscard]] bool is_paused(const Client& client, const Command& command) const;
  // Whether a client may run a request; if not, replies with the reason.
  bool admits(Client& client, const Resolved& resolved, Arguments arguments);
  // Refuses an EXEC that has too many words, which ends its transaction, as in Redis: otherwise the
  // client's next EXEC would run commands meant for this one.
  void discard(Client& client, std::string_view error);
  // Sends the client of a request to the leader, as by Redis Cluster: an EXEC ends its transaction.
  void redirect(Client& client, const Command& command, std::string_view error);
  // Refuses a request without a row, or whose words are wrong.
  void reject(Client& client, const Resolved& resolved, Arguments arguments);
  // Whether a command may run over the committed state while the group is open, or being committed.
  [[nodiscard]] bool reads_apart(const Client& client, const Command& command) const;
  // Whether there is likely to be anything to do while the open group is committed: others than its
  // clients have read lately, or write, and may do so beside it.
  [[nodiscard]] bool serves_beside() const;
  // Whether a command needs neither the leader as it is between two commits, nor a group.
  [[nodiscard]] bool goes_on_meanwhile(const Command& command) const;
  // Whether a command may run in the open group while a commit is under way.
  [[nodiscard]] bool may_stage(const Client& client, const Command& command,
                               Arguments arguments) const;
  // Runs a request in a scope.
  void run_in(Scope& scope, Client& client, const Resolved& resolved, Arguments arguments,
              bool apart);
  // Returns the committed state, of now or a moment ago.
  const leader::View& committed_state();
  // Commits the open group before a command of a client; holds the client back until then where
  // that takes long. Returns whether the command may go on.
  bool commit_before(Client& client);
  // Begins to commit a group that has become large, as soon as no other commit is under way.
  void commit_if_large();
  // The open group is the one under way from now on.
  void send_group();
  // Releases the clients of a group that is committed; turns its answers into errors if it is not.
  void conclude(Group& group, const core::Result<void>& committed);
  // Notes that a command has run; its answer begins at `begin`.
  void finish(const Call& call, std::size_t begin);
  void note_slow(const Call& call, std::chrono::nanoseconds took);
  // Shows a command to the clients that have sent MONITOR.
  void show(const Client& client, const Command& command, Arguments arguments);
  void note_commit(std::chrono::nanoseconds took);
  enum class Ran : std::uint8_t { kToItsEnd, kNoRoom, kTooLong };
  // Runs a request; nothing has happened if there is no room for its answer.
  Ran run_within_room(Call& call, std::size_t begin);
  // The same if it takes no longer than until then; nothing has happened if it does.
  Ran try_to_run(Call& call, std::size_t begin, SteadyTime until);
  // Runs a request, under the watchdog if it may take long.
  void run_watched(Call& call);
  // Whether a command may run beside the removals in progress.
  bool make_way(Client& client, const Command& command, Arguments arguments);
  // Whether each long read has its state, which the next removal does not change.
  bool reads_have_states();
  void begin_removal(Client& client, const Command& command, Arguments arguments);
  // Runs a request in one piece; false, and nothing has happened, where that takes long.
  bool run_briefly(Client& client, const Resolved& resolved, Arguments arguments);
  // Begins a large request: a long write, or a read in slices.
  void begin_large(Client& client, const Resolved& resolved, Arguments arguments);
  // Answers a transaction that has looked at too much, and is undone.
  void give_up(Client& client, const Strand::TooMuch& much);
  // Has those go on that wait for a commit.
  void release_behind();
  void begin_read(Client& client, const Resolved& resolved, Arguments arguments);
  // Delivers the drafted answer.
  void give_draft(Client& client, Arguments arguments);
  void enqueue(Client& client, const Resolved& resolved, Arguments arguments);
  // Turns all remembered answers of a group into this error.
  static void revoke(const Group& group, std::string_view error);

  Host& host_;
  leader::Watchdog watchdog_;
  Removals removals_;
  LongReads reads_;
  std::unique_ptr<LongWrite> write_;  // Null: there is none.
  Group open_;
  Group under_way_;
  LeaderAside aside_;
  std::optional<std::chrono::milliseconds> leader_rest_;  // Of a turn that is over.
  bool may_stage_ = false;
  const Client* lone_writer_ = nullptr;  // The only client of the last group; null: it had more.
  SteadyTime read_at_ = {};              // When another client that was apart has read.
  std::vector<Client*> behind_;          // Those that are behind_commit.
  bool yields_ = false;  // In this turn, to some that were: no commit begins before its end.
  std::vector<Client*> released_;                // See take_released().
  std::unique_ptr<leader::KeptView> committed_;  // Loaded when it is needed...
  SteadyTime committed_at_ = {};                 // ...at this time.
};

}  // namespace anabranch::server
