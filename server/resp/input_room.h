// The shared room for the input of all clients that is received and not run yet: requests that are
// incomplete or wait for their turn, and commands queued between MULTI and EXEC.
//
// Each client may have one large request and one large transaction. If all clients together exceed
// the room, those with the most input are closed until some room is free again; requests received
// since their last answer are not run. Waiting would not help: a client that has sent half of a
// request needs more room, not less.
//
// Invariant: the input is at most input_bytes_total, plus one read of one client.
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

  // Both references must outlive the room.
  InputRoom(const ServerOptions& options, Host& host) : options_(options), host_(host) {}

  // Updates the count after the input of a client has changed.
  void count(Connection& connection);
  // If there is too much input: calls the function with the clients that hold the most; it must
  // drop their input.
  void relieve(const Connections& all, const std::function<void(Connection&)>& close);
  // Forgets a closed client.
  void forget(Connection& connection);

 private:
  const ServerOptions& options_;
  Host& host_;
};

}  // namespace anabranch::server
