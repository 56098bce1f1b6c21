// A transaction of a client that ends without being run.
#pragma once

#include <string>
#include <string_view>

#include "server/resp/client.h"
#include "server/resp/watched_keys.h"

namespace anabranch::server {

// Ends the transaction of a client, whose connection goes on without one. Returns the answer of its
// EXEC, as by Redis; `error` is why it cannot run, in the form sent to clients. Not thread-safe.
inline std::string discard(Client& client, WatchedKeys& watched, std::string_view error) {
  constexpr std::string_view kCode = "ERR ";
  if (error.starts_with(kCode)) error.remove_prefix(kCode.size());
  client.queue.close();
  watched.forget(client);
  return "EXECABORT Transaction discarded because of: " + std::string(error);
}

}  // namespace anabranch::server
