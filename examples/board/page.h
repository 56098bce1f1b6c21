// HTTP by libwebsockets: one thread for all connections, the streams of events among them. It reads
// requests and writes answers, which the workers make (api.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "examples/board/api.h"

namespace board {

class Page {
 public:
  // Listens on an address of this machine, port 0 for any free one. Throws std::runtime_error.
  Page(Api& api, const std::string& address, std::uint16_t port);
  ~Page();
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  // Serves until stop() is called, on any thread.
  void serve();
  void stop();

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace board
