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
constexpr std::chrono::milliseconds kReadsAgain{200};  // No reads for so long: the client stalls.

std::string mebibytes(std::size_t bytes) {
  const std::size_t tenths = (bytes * 10) >> 20U;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
}

}  // namespace

void OutputRoom::count(Connection& connection) {
  forget_output(connection);
  const Client& client = connection.client();
  connection.counted = client.output.size() + client.draft.size();
  if (client.wait) connection.counted += client.wait->held.size();
  if (connection.tried && connection.counted == 0 && !connection.granted) {
    connection.tried = false;
    try_again_ = {};  // The client has read all of it, so another one may be tried.
  }
  connection.counted_in = connection.reads() ? kReading : connection.tried ? kTried : kCommon;
  used_[connection.counted_in] += connection.counted;
  host_.output_bytes += connection.counted;
}

void OutputRoom::forget_output(Connection& connection) {
  used_[connection.counted_in] -= connection.counted;
  host_.output_bytes -= connection.counted;
  connection.counted = 0;
}

std::size_t OutputRoom::share() const {
  const std::size_t clients = std::max<std::size_t>(1, host_.clients.size());
  const std::size_t share = options_.output_bytes_total / 2 / clients;
  return std::clamp(share, kShareMin, std::max(kShareMin, options_.output_pause_bytes));
}

std::size_t OutputRoom::left(const Connection& connection, std::size_t promised) const {
  const auto rest = [](std::size_t limit, std::size_t used) {
    return used < limit ? limit - used : 0;
  };
  const std::size_t used = host_.output_bytes + promised;
  if (connection.reads()) return rest(options_.output_bytes_total, used);
  const std::size_t part = connection.on_trial ? rest(eighths(4), used_[kTried])
                                               : rest(eighths(3), used_[kCommon] + promised);
  return std::min(part, rest(eighths(7), used));
}

std::size_t OutputRoom::most(const Connection& connection, std::size_t promised) const {
  const std::size_t own = connection.counted;
  if (host_.output_bytes + promised - own <= eighths(3)) return options_.output_bytes_max;
  const std::size_t left = this->left(connection, promised);
  return std::max(share(), left > 0 ? own + left : 0);
}

std::size_t OutputRoom::most_now(const Connection& connection) const {
  const Line& line = connection.reads() ? readers_ : others_;
  return line.empty() || connection.granted ? most(connection, 0) : share();
}

void OutputRoom::allow(Connection& connection) const {
  connection.client().reply.set_bytes_max(options_.output_bytes_max);
  connection.client().reply.set_room(most_now(connection));
}

std::size_t OutputRoom::for_draft(const Connection& connection) const {
  const std::size_t most = most_now(connection);
  const std::size_t output = connection.client().output.size();
  return most > output ? most - output : 0;
}

bool OutputRoom::any_for(const Connection& connection) const {
  return connection.counted + kSmall <= most_now(connection);
}

void OutputRoom::hold(Connection& connection, std::size_t bytes) {
  // Twice as much, since a long answer is abandoned at the first byte too many, but never more than
  // there can be for it.
  Line& line = connection.reads() ? readers_ : others_;
  const std::size_t wanted =
      std::min({bytes * 2, options_.output_bytes_total / 2, options_.output_bytes_max});
  line.push_back({&connection, wanted, !connection.has_sent_more()});
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
  core::log_warning(
      {}, "Answers of " + mebibytes(host_.output_bytes) +
              " wait to be sent, and there is room for " + mebibytes(options_.output_bytes_total) +
              " (output_bytes_total): a client that asks for more than " +
              std::to_string(share() >> 10U) + " KiB waits until others have read theirs");
}

bool OutputRoom::fits(const Held& held, std::size_t promised) const {
  return held.connection->counted + held.bytes <= most(*held.connection, promised);
}

void OutputRoom::let(Line& line, const Line::iterator& held, std::size_t& promised,
                     const Use& over) {
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
  try_one(now, promised, over);
}

OutputRoom::Line::iterator OutputRoom::to_be_tried(std::size_t promised, bool alone) {
  for (auto each = others_.end(); each != others_.begin();) {
    Connection& connection = *(--each)->connection;
    // Skips clients that already have an answer.
    if (connection.counted > share() || (alone && !each->alone)) continue;
    connection.on_trial = true;
    const bool fits = this->fits(*each, promised);
    connection.on_trial = false;
    if (fits) return each;
  }
  return others_.end();
}

void OutputRoom::try_one(SteadyTime now, std::size_t& promised, const Use& over) {
  if (now < try_again_) return;
  auto found = to_be_tried(promised, true);
  if (found == others_.end()) found = to_be_tried(promised, false);
  if (found == others_.end()) return;
  const auto bytes = static_cast<double>(found->bytes) / 2;
  const double part = bytes / static_cast<double>(eighths(4));
  try_again_ = now + std::chrono::duration_cast<Milliseconds>(options_.output_stall * part);
  found->connection->on_trial = found->connection->tried = true;
  let(others_, found, promised, over);
}

std::vector<Connection*> OutputRoom::stalled(SteadyTime now, const Connections& all,
                                             Milliseconds time, std::size_t share) {
  std::vector<Connection*> found;
  for (const auto& [id, each] : all) {
    const bool stalls = now - each->taken() >= time;
    // A draft is not sent yet, so the client could not read it.
    if (stalls && each->pending() > share && !each->gone) found.push_back(each.get());
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
      {}, std::to_string(closed) + " of " + std::to_string(idle.size()) +
              " clients that have not read their answers for " +
              std::to_string(options_.output_stall.count()) +
              " ms (output_stall_ms) are closed, since others wait for the room; the first: " +
              idle.front()->client().address + " with " + mebibytes(idle.front()->counted));
}

OutputRoom::Milliseconds OutputRoom::timeout(Milliseconds most) const {
  if (!anybody_waits()) return most;
  // If a trial is due already, no client can be tried now.
  const auto rest = std::chrono::ceil<Milliseconds>(try_again_ - steady_now());
  return std::min({most, kLookAgain, rest > rest.zero() ? rest : kLookAgain});
}

void OutputRoom::forget(Connection& connection) {
  forget_output(connection);
  if (!connection.held) return;
  for (Line* line : {&readers_, &others_}) {
    host_.clients_held_back -=
        std::erase_if(*line, [&](const Held& held) { return held.connection == &connection; });
  }
}

}  // namespace anabranch::server
