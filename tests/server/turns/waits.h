// How long a client of a server waits that asks for little, in processor time of the server's loop
// and its strands: the longest waits, each with the request of another client that was being
// carried out.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/running_server.h"

namespace anabranch::test {

class Waits {
 public:
  struct Wait {
    std::string request;
    double ms = 0;       // Of processor time.
    double wall_ms = 0;  // As it passes, with all that else runs on the machine.
  };

  // Asks the server again and again from now on: PING, a read of a key, sometimes as a new
  // connection. It must outlive this.
  explicit Waits(RunningServer& server);
  ~Waits();
  Waits(const Waits&) = delete;
  Waits& operator=(const Waits&) = delete;

  // Names the request that is carried out from now on.
  void begin(const std::string& request);
  // The longest wait beside each request, the longest of all first.
  [[nodiscard]] std::vector<Wait> longest() const;

 private:
  void ask_always();

  RunningServer& server_;
  mutable std::mutex mutex_;
  std::vector<Wait> waits_;  // One for each request.
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace anabranch::test
