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
constexpr std::chrono::milliseconds kReadsAgain{200};  // Who takes nothing for so long has stalled.

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

std::size_t OutputRoom::limit(const Connection& connection) const {
  const std::size_t total = options_.output_bytes_total;
  if (connection.reads()) return total;
  return connection.on_trial ? total / 8 * 7 : common();
}

std::size_t OutputRoom::most(const Connection& connection, std::size_t promised) const {
  const std::size_t own = connection.counted;
  const std::size_t used = host_.output_bytes + promised;
  if (used - own <= common()) return options_.output_bytes_max;
  const std::size_t limit = this->limit(connection);
  return std::max(share(), used < limit ? own + (limit - used) : 0);
}

std::size_t OutputRoom::most_now(const Connection& connection) const {
  const Line& line = connection.reads() ? readers_ : others_;
  return line.empty() || connection.granted ? most(connection, 0) : share();
}

void OutputRoom::allow(Connection& connection) const {
  connection.client().reply.set_room(most_now(connection));
}

bool OutputRoom::any_for(const Connection& connection) const {
  return connection.counted + kSmall <= most_now(connection);
}

void OutputRoom::hold(Connection& connection, std::size_t bytes) {
  // Twice as much, since a long answer is given up at the first byte too many.
  Line& line = connection.reads() ? readers_ : others_;
  line.push_back({&connection, std::min(bytes * 2, options_.output_bytes_total / 2)});
  connection.held = true;
  connection.granted = connection.on_trial = false;
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

bool OutputRoom::fits(const Held& held, std::size_t promised) const {
  return held.connection->counted + held.bytes <= most(*held.connection, promised);
}

void OutputRoom::let(Line& line, Line::iterator held, std::size_t& promised, const Use& over) {
  Connection& connection = *held->connection;
  promised += held->bytes;
  line.erase(held);
  connection.held = false;
  connection.granted = true;
  --host_.clients_held_back;
  over(connection);
}

void OutputRoom::release(SteadyTime now, const Use& over) {
  std::size_t promised = 0;
  while (!readers_.empty() && fits(readers_.front(), promised)) {
    let(readers_, readers_.begin(), promised, over);
  }
  while (!others_.empty() && fits(*next(), promised)) {
    let(others_, next(), promised, over);
    newest_next_ = !newest_next_;
  }
  try_newest(now, promised, over);
}

void OutputRoom::try_newest(SteadyTime now, std::size_t& promised, const Use& over) {
  if (now < try_again_) return;
  for (auto each = others_.end(); each != others_.begin();) {
    Connection& connection = *(--each)->connection;
    if (connection.counted > share()) continue;  // It has an answer already.
    connection.on_trial = true;
    if (fits(*each, promised)) {
      const auto bytes = static_cast<double>(each->bytes) / 2;
      const double part = bytes / static_cast<double>(options_.output_bytes_total / 2);
      try_again_ = now + std::chrono::duration_cast<Milliseconds>(options_.output_stall * part);
      return let(others_, each, promised, over);
    }
    connection.on_trial = false;
  }
}

std::vector<Connection*> OutputRoom::stalled(SteadyTime now, const Connections& all,
                                             Milliseconds time, std::size_t share) {
  std::vector<Connection*> found;
  for (const auto& [id, each] : all) {
    const bool stalls = now - each->taken() >= time;
    if (stalls && each->counted > share && !each->gone) found.push_back(each.get());
  }
  std::ranges::sort(found, {}, [](const Connection* each) { return each->taken(); });
  return found;
}

void OutputRoom::relieve(SteadyTime now, const Connections& all, const Use& close) {
  if (!anybody_waits() || now - looked_ < kLookAgain) return;
  looked_ = now;
  for (Connection* each : stalled(now, all, kReadsAgain, 0)) each->stalls();
  const std::vector<Connection*> idle = stalled(now, all, options_.output_stall, share());
  std::size_t wanted = 0;
  for (const Line* line : {&readers_, &others_}) {
    for (const Held& held : *line) wanted += held.bytes;
  }
  const std::size_t first = readers_.empty() ? next()->bytes : readers_.front().bytes;
  wanted = std::min(wanted, std::max(first, options_.output_bytes_total / 4));
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

OutputRoom::Milliseconds OutputRoom::patience(Milliseconds most) const {
  if (!anybody_waits()) return most;
  // When it is time for a trial already, there is nobody to be tried.
  const auto rest = std::chrono::ceil<Milliseconds>(try_again_ - steady_now());
  return std::min({most, kLookAgain, rest > rest.zero() ? rest : kLookAgain});
}

void OutputRoom::forget(Connection& connection) {
  host_.output_bytes -= connection.counted;
  connection.counted = 0;
  if (!connection.held) return;
  for (Line* line : {&readers_, &others_}) {
    host_.clients_held_back -=
        std::erase_if(*line, [&](const Held& held) { return held.connection == &connection; });
  }
}

}  // namespace anabranch::server
