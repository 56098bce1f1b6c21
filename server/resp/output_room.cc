#include "server/resp/output_room.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/log.h"

namespace anabranch::server {
namespace {

constexpr std::size_t kShareMin = std::size_t{16} << 10U;
constexpr std::chrono::seconds kSayAgain{10};
constexpr std::chrono::milliseconds kLookAgain{100};

std::string mebibytes(std::size_t bytes) {
  const std::size_t tenths = (bytes * 10) >> 20U;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
}

}  // namespace

void OutputRoom::count(Connection& connection) {
  std::size_t& used = host_.output_bytes;
  used -= connection.counted;
  connection.counted = connection.client().output.size();
  used += connection.counted;
}

std::size_t OutputRoom::share() const {
  const std::size_t clients = std::max<std::size_t>(1, host_.clients.size());
  const std::size_t share = options_.output_bytes_total / 2 / clients;
  return std::clamp(share, kShareMin, std::max(kShareMin, options_.output_pause_bytes));
}

std::size_t OutputRoom::most(const Connection& connection, std::size_t promised) const {
  const std::size_t own = connection.counted;
  const std::size_t total = options_.output_bytes_total;
  const std::size_t used = host_.output_bytes + promised;
  if (used - own <= total / 2) return options_.output_bytes_max;
  return std::max(share(), used < total ? own + (total - used) : 0);
}

void OutputRoom::allow(Connection& connection) const {
  const bool first = held_.empty() || connection.granted;
  connection.client().reply.set_room(first ? most(connection, 0) : share());
}

bool OutputRoom::any_for(const Connection& connection) const {
  const bool first = held_.empty() || connection.granted;
  return connection.counted + kSmall <= (first ? most(connection, 0) : share());
}

void OutputRoom::hold(Connection& connection, std::size_t bytes) {
  // Twice as much, since a long answer is given up at the first byte too many.
  held_.push_back({&connection, std::min(bytes * 2, options_.output_bytes_total / 2)});
  connection.held = true;
  connection.granted = false;
  ++host_.clients_held_back;
  ++host_.statistics.held_back;
  say_full();
}

void OutputRoom::say_full() {
  const SteadyTime now = steady_now();
  if (said_full_ != SteadyTime{} && now - said_full_ < kSayAgain) return;
  said_full_ = now;
  core::log_warning("Answers of " + mebibytes(host_.output_bytes) +
                    " wait to be sent, and there is room for " +
                    mebibytes(options_.output_bytes_total) +
                    " (output_bytes_total): a client that asks for more than " +
                    std::to_string(share() >> 10U) + " KiB waits until others have read theirs");
}

void OutputRoom::release(const std::function<void(Connection&)>& over) {
  std::size_t promised = 0;
  while (!held_.empty()) {
    const auto [connection, bytes] = next();
    if (connection->counted + bytes > most(*connection, promised)) return;
    promised += bytes;
    if (newest_next_) {
      held_.pop_back();
    } else {
      held_.pop_front();
    }
    newest_next_ = !newest_next_;
    connection->held = false;
    connection->granted = true;
    --host_.clients_held_back;
    over(*connection);
  }
}

void OutputRoom::relieve(SteadyTime now, const Connections& all,
                         const std::function<void(Connection&)>& close) {
  if (held_.empty() || now - looked_ < kLookAgain) return;
  looked_ = now;
  std::vector<Connection*> idle;
  for (const auto& [id, each] : all) {
    const bool stalls = now - each->taken() >= options_.output_stall;
    if (stalls && each->counted > share() && !each->gone) idle.push_back(each.get());
  }
  std::ranges::sort(idle, {}, [](const Connection* each) { return each->taken(); });
  std::size_t wanted = 0;
  for (const Held& held : held_) wanted += held.bytes;
  wanted = std::min(wanted, std::max(next().bytes, options_.output_bytes_total / 4));
  std::size_t closed = 0;
  for (; closed < idle.size() && wanted > 0; ++closed) {
    wanted -= std::min(wanted, idle[closed]->counted);
    ++host_.statistics.clients_cut;
    close(*idle[closed]);
  }
  if (closed == 0) return;
  core::log_warning(
      std::to_string(closed) + " of " + std::to_string(idle.size()) +
      " clients that have not read their answers for " +
      std::to_string(options_.output_stall.count()) +
      " ms (output_stall_ms) are closed, since others wait for the room; the first: " +
      idle.front()->client().address + " with " + mebibytes(idle.front()->counted));
}

void OutputRoom::forget(Connection& connection) {
  host_.output_bytes -= connection.counted;
  connection.counted = 0;
  if (!connection.held) return;
  const auto erased =
      std::erase_if(held_, [&](const Held& held) { return held.connection == &connection; });
  host_.clients_held_back -= erased;
}

}  // namespace anabranch::server
