// The room of all clients together: their unsent answers, and their input that is not run yet.
//
// Beyond clients_bytes_max those that hold the most are closed, the largest first, until the rest
// is within the room; a client that CLIENT NO-EVICT spares is closed last. Beside the rooms for
// answers and input, which make clients wait, this one is a bound for the process as a whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "server/resp/connection.h"
#include "server/resp/host.h"

namespace anabranch::server {

class ClientRoom {
 public:
  using Connections = std::unordered_map<std::uint64_t, std::unique_ptr<Connection>>;

  explicit ClientRoom(Host& host) : host_(host) {}

  // If clients hold too much: calls the function with those to be closed, and logs the first.
  void relieve(const Connections& all, const std::function<void(Connection&)>& close);

 private:
  Host& host_;
};

}  // namespace anabranch::server
