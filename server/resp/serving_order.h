// The order in which the clients of a turn are served: cheap ones first, then expensive ones.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "server/resp/connection.h"

namespace anabranch::server {

// Whether a client was cheap when it was served last.
inline bool costs_little(const Connection* connection) {
  return connection->cost == Connection::Cost::kLittle;
}

// Orders expensive clients for a turn: readers, new clients from both ends, and others, one of each
// in rotation. So no client waits behind a whole crowd that has come together.
inline std::vector<Connection*> line_up(std::span<Connection* const> heavy) {
  std::deque<Connection*> readers;
  std::deque<Connection*> fresh;
  std::deque<Connection*> others;
  for (Connection* each : heavy) {
    const bool known = each->cost != Connection::Cost::kUnknown;
    (each->reads() ? readers : known ? others : fresh).push_back(each);
  }
  std::vector<Connection*> line;
  const auto take = [&line](std::deque<Connection*>& from, bool newest) {
    if (from.empty()) return;
    line.push_back(newest ? from.back() : from.front());
    newest ? from.pop_back() : from.pop_front();
  };
  while (line.size() < heavy.size()) {
    take(readers, false);
    take(fresh, true);
    take(fresh, false);
    take(others, false);
  }
  return line;
}

}  // namespace anabranch::server
