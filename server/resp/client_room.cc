#include "server/resp/client_room.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/log.h"

namespace anabranch::server {
namespace {

std::size_t held_by(const Connection& connection) {
  return connection.counted + connection.counted_input;
}

}  // namespace

void ClientRoom::relieve(const Connections& all, const std::function<void(Connection&)>& close) {
  const std::size_t most = host_.options.clients_bytes_max;
  std::size_t held = host_.output_bytes + host_.input_bytes;
  if (most == 0 || held <= most) return;
  std::vector<Connection*> line;
  for (const auto& [id, connection] : all) {
    if (!connection->gone && held_by(*connection) > 0) line.push_back(connection.get());
  }
  std::ranges::sort(line, [](Connection* a, Connection* b) {
    if (a->client().spared != b->client().spared) return b->client().spared;
    return held_by(*a) > held_by(*b);
  });
  std::size_t closed = 0;
  for (Connection* each : line) {
    if (held <= most) break;
    held -= std::min(held, held_by(*each));
    ++closed;
    close(*each);
  }
  host_.statistics.clients_evicted += closed;
  if (closed == 0) return;
  core::log_warning(
      {}, "Clients hold more than " + std::to_string(most) +
              " bytes (clients_bytes_max): " + std::to_string(closed) +
              " that hold the most are closed; the first: " + line.front()->client().address);
}

}  // namespace anabranch::server
