// MONITOR: clients that are shown every command.
//
// A monitor that does not read is shown nothing more once its output is over a limit, and is closed
// at the end of the turn (loop.cc). So monitors cost a bounded amount of memory and hold nobody up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "server/resp/client.h"
#include "server/resp/server_options.h"

namespace anabranch::server {

class Monitors {
 public:
  static constexpr std::size_t kWordBytesMax = 1024;  // The rest of a longer word is left out.
  static constexpr std::size_t kMax = 32;             // Each command is written for each of them.

  // A monitor is closed beyond monitor_output_bytes_max, as it is then.
  explicit Monitors(const ServerOptions& options) : options_(options) {}

  // Returns whether the client is one from now on, or was; false if there are kMax.
  bool add(Client& client);
  // Also of a client that is none.
  void remove(const Client& client) { std::erase(monitors_, &client); }
  [[nodiscard]] bool any() const { return !monitors_.empty(); }
  [[nodiscard]] std::span<Client* const> all() const { return monitors_; }

  // Shows a command to all monitors, in the form of Redis:
  // +1339518083.107412 [0 127.0.0.1:60866] "get" "k"
  void show(const Client& from, std::span<const std::string_view> words);
  // Whether anything was shown since the last call.
  [[nodiscard]] bool take_shown() { return std::exchange(shown_, false); }

 private:
  const ServerOptions& options_;
  std::vector<Client*> monitors_;
  bool shown_ = false;
};

}  // namespace anabranch::server
