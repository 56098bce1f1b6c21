// The room for what clients have sent and the server has not run, of all of them together: requests
// that are not whole yet or wait for their turn, and what is queued between MULTI and EXEC.
//
// Each client may have one large request and one large transaction. When all together hold more
// than there is room for, those that hold most are closed, until some is free again; nothing of
// what they have sent since their last answer is run. Waiting would not help: who has sent half of
// a request needs more room, not less.
//
// Invariant: what is held is at most input_bytes_total, plus one read of one client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "server/resp/connection.h"
#include "server/resp/host.h"
#include "server/resp/server_options.h"

namespace anabranch::server {

class InputRoom {
 public:
  using Connections = std::unordered_map<std::uint64_t, std::unique_ptr<Connection>>;

  // Both must outlive it.
  InputRoom(const ServerOptions& options, Host& host) : options_(options), host_(host) {}

  // A client holds more or less than when this was called last.
  void count(Connection& connection);
  // When too much is held: gives the function those that hold most, whose input it must drop.
  void relieve(const Connections& all, const std::function<void(Connection&)>& close);
  // Forgets a client that has gone.
  void forget(Connection& connection);

 private:
  const ServerOptions& options_;
  Host& host_;
};

}  // namespace anabranch::server
