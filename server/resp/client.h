// A client as commands see it: who it is, its answers that wait to be sent, its open transaction,
// what it has seen, and what it waits for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/resp/trail.h"
#include "server/resp/writer.h"
#include "server/steady_clock.h"

namespace anabranch::server {

struct Command;

// What SELECT chooses from: 0 to 15.
inline constexpr std::uint8_t kDatabases = 16;

// Commands between MULTI and EXEC.
struct Queue {
  struct Entry {
    const Command* command;
    const Command* container;
    std::vector<std::string> arguments;
  };

  bool open = false;
  bool aborted = false;  // A command could not be queued: EXEC will refuse.
  std::size_t bytes = 0;
  std::vector<Entry> entries;

  void close() { *this = Queue{}; }
};

// A command that has no answer yet; see waiting.h.
struct Wait {
  // Replies if it can, or throws Error, which is a reply; when it is late, it must. Returns whether
  // it has.
  using Attempt = std::function<bool(bool late)>;

  Attempt attempt;
  SteadyTime until;
};

// Why a command has not run: nothing of it has happened, and it is to be run again.
struct HeldBack {
  // There is room for its answer; what is being removed is gone; its answer is drafted.
  enum class Until : std::uint8_t { kRoom, kRemoved, kDrafted };

  Until until = Until::kRoom;
  std::size_t bytes = 0;  // How long the answer is, or longer.
};

struct Client {
  Client(std::uint64_t number, std::string from, std::size_t output_bytes_max)
      : id(number), address(std::move(from)), reply(output, output_bytes_max) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const std::uint64_t id;
  const std::string address;  // HOST:PORT on its side.
  const SteadyTime since = steady_now();
  std::string name;
  std::uint8_t database = 0;      // Its keys are all of this one.
  std::string_view last_command;  // A name in the table of commands.
  std::string output;             // Answers of this turn, and those that the socket did not take.
  Writer reply;
  std::string draft;     // So much of the answer to a long read (long_reads.h)...
  bool drafted = false;  // ...which is all of it.
  Queue queue;
  Trail trail;
  std::optional<Wait> wait;  // Nothing more of the client is read or run while there is one.
  std::optional<HeldBack> held_back;  // Of the last command, until the loop has taken note of it.
  bool closing = false;               // Close when the answers are sent; nothing more is read.
};

}  // namespace anabranch::server
