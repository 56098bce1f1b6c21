// A client as seen by commands: its identity, its unsent answers, its open transaction, its
// session, and the condition it waits for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/resp/writer.h"
#include "control/verbs/policy_words.h"
#include "server/resp/access/key_check.h"
#include "server/resp/concern/client_concern.h"
#include "server/resp/connection_session.h"
#include "server/resp/queue.h"
#include "server/resp/reply_mode.h"
#include "server/resp/shown_cells.h"
#include "server/steady_clock.h"

namespace anabranch::server {

struct Command;
class User;

using control::kDatabases;
using control::NoRoom;
using control::Output;
using control::Writer;

// A command without an answer yet; see waiting.h.
struct Wait {
  // Replies if it can, or throws Error, which is a reply; when `late`, it must do one of both.
  // Returns whether it replied.
  using Attempt = std::function<bool(bool late)>;

  Attempt attempt;
  SteadyTime until;
  bool unblockable = false;  // CLIENT UNBLOCK may end it.
  bool writes = false;       // Its answer is that of a write...
  Output held = {};          // ...or this is (held_answer.h)...
  bool revoked = false;      // ...whose commit has failed.
};

// Why a command has not run: it had no effect, and is to be run again.
struct HeldBack {
  // Until its answer has room; until the keys being removed are gone; until its answer is drafted;
  // until CLIENT PAUSE is over, or the lead handed over; until the commit under way is made; until
  // its keys are checked.
  enum class Until : std::uint8_t { kRoom, kRemoved, kDrafted, kUnpaused, kCommitted, kChecked };

  Until until = Until::kRoom;
  std::size_t bytes = 0;  // The length of the answer, or more.
};

// How a client stands to commits. It is answered only when it is apart.
enum class Standing : std::uint8_t {
  kApart,     // All that it has been told is committed.
  kInGroup,   // It has written to the open group, or seen it.
  kUnderWay,  // The same for the group that is being committed: nothing of it is run meanwhile.
  kStaging,   // A command of it is being run in slices (long_write.h).
};

struct Client {
  Client(std::uint64_t number, std::string from, std::size_t output_bytes_max)
      : id(number), address(std::move(from)), reply(output, output_bytes_max) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const std::uint64_t id;
  const std::string address;  // HOST:PORT of the client.
  std::string local_address;  // HOST:PORT or PATH:0 at which it has come.
  const SteadyTime since = steady_now();
  SteadyTime heard = since;    // When bytes came last.
  std::size_t input_used = 0;  // Bytes that no request had taken by then...
  std::size_t input_free = 0;  // ...and the room behind them.
  std::string name;
  // Of the set of users; null: it has not said who it is, or has come by the control socket.
  const User* user = nullptr;
  std::uint8_t database = 0;      // All its keys belong to this database.
  std::string_view last_command;  // A name in the table of commands.
  Output output;                  // Answers of this turn, and answers that the socket did not take.
  Writer reply;
  ReplyMode reply_mode;
  Output draft;           // The part of a long read's answer so far (long_reads.h)...
  bool drafted = false;   // ...and whether it is complete.
  bool drafting = false;  // A long read is under way.
  // Since when the client of a long read sends nothing more: it may have gone.
  std::optional<SteadyTime> left = {};
  Queue queue;
  ConnectionSession session;
  std::unique_ptr<ClientConcern> concern;  // Null: none is set.
  ShownCells shown;
  std::optional<Wait> wait;           // While set, no further input of the client is read or run.
  KeyCheck key_check;                 // Of a request that was held back, or is run now.
  std::optional<HeldBack> held_back;  // Of the last command, until the loop has handled it.
  Standing standing = Standing::kApart;
  bool is_long = false;        // Its command, held back, has turned out to take long.
  bool behind_commit = false;  // Its next command waits for the commit under way.
  bool verbs_only = false;     // It has come by the control socket.
  bool local = true;           // It has come from this machine...
  bool by_path = false;        // ...to a socket at a path, whose mode has let it in.
  bool by_tls = false;         // ...with TLS.
  bool at_sentinel = false;    // It has come to the Sentinel port.
  bool reads_here = false;     // It has sent READONLY: a follower in a cluster answers its reads.
  bool spared = false;         // By clients_bytes_max, as long as there are others.
  bool operates = false;       // Its last command was one of operators.
  bool parting = false;        // Close when nothing that it has sent waits for its answer.
  bool closing = false;        // Close when the answers are sent; read no more.

  // Drops the answer from the mark on if the client does not want it. Before the next commit, which
  // may change the answers before the mark.
  void drop_unwanted(std::size_t mark) {
    if (reply_mode.drops()) reply.rewind(mark);
  }
};

}  // namespace anabranch::server
