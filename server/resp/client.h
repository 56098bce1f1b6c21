// A client as commands see it: who it is, its answers that wait to be sent, its open transaction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "server/resp/writer.h"
#include "server/steady_clock.h"

namespace anabranch::server {

struct Command;

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

struct Client {
  Client(std::uint64_t number, std::string from, std::size_t output_bytes_max)
      : id(number), address(std::move(from)), reply(output, output_bytes_max) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const std::uint64_t id;
  const std::string address;  // HOST:PORT on its side.
  const SteadyTime since = steady_now();
  std::string name;
  std::string_view last_command;  // A name in the table of commands.
  std::string output;             // Answers of this turn, and those that the socket did not take.
  Writer reply;
  Queue queue;
  bool closing = false;  // Close when the answers are sent; nothing more is read.
};

}  // namespace anabranch::server
