#include "server/resp/input_room.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/log.h"

namespace anabranch::server {

void InputRoom::count(Connection& connection) {
  std::size_t& held = host_.input_bytes;
  held -= connection.counted_input;
  connection.counted_input = connection.input_bytes();
  held += connection.counted_input;
}

void InputRoom::relieve(const Connections& all, const std::function<void(Connection&)>& close) {
  const std::size_t total = options_.input_bytes_total;
  if (host_.input_bytes <= total) return;
  std::vector<Connection*> largest;
  for (const auto& [id, each] : all) {
    if (!each->gone && each->counted_input > 0) largest.push_back(each.get());
  }
  std::ranges::sort(largest, std::ranges::greater{}, &Connection::counted_input);
  const std::size_t held = host_.input_bytes;
  std::size_t closed = 0;
  std::string first;
  // Closes some more than needed, so that not every turn closes one.
  while (closed < largest.size() && host_.input_bytes > total / 8 * 7) {
    Connection& each = *largest[closed++];
    if (closed == 1) {
      first = each.client().address + " with " + std::to_string(each.counted_input >> 10U) + " KiB";
    }
    ++host_.statistics.senders_cut;
    close(each);
    count(each);
  }
  core::log_warning({}, "Requests and transactions of " + std::to_string(held >> 10U) +
                            " KiB have come and are not run yet, and there is room for " +
                            std::to_string(total >> 10U) + " KiB: of " +
                            std::to_string(largest.size()) + " clients the " +
                            std::to_string(closed) +
                            " that hold most are closed; the first: " + first);
}

void InputRoom::forget(Connection& connection) {
  host_.input_bytes -= connection.counted_input;
  connection.counted_input = 0;
}

}  // namespace anabranch::server
