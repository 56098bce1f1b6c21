#include "server/resp/slices/long_reads.h"

#include <algorithm>
#include <set>
#include <utility>

#include "leader/scopes/kept_view.h"
#include "server/resp/slices/paced_scope.h"
#include "server/resp/slices/strand.h"
#include "server/resp/slices/work.h"

namespace anabranch::server {
namespace {

// Swaps the draft with the output, so that the client's writer appends to the draft.
class Drafting {
 public:
  Drafting(Client& client, std::size_t room) : client_(client) {
    std::swap(client_.output, client_.draft);
    client_.reply.set_room(room);
  }
  ~Drafting() {
    client_.reply.set_room(SIZE_MAX);
    std::swap(client_.output, client_.draft);
  }
  Drafting(const Drafting&) = delete;
  Drafting& operator=(const Drafting&) = delete;

 private:
  Client& client_;
};

}  // namespace

struct LongReads::Read {
  Client& client;
  const Command& command;
  const Command& container;
  Arguments arguments;
  State state = {};
  std::chrono::nanoseconds took{0};
  std::unique_ptr<Strand> strand = {};  // Null before the first slice.
};

LongReads::LongReads() = default;
LongReads::~LongReads() = default;

void LongReads::begin(Client& client, const Resolved& resolved, Arguments arguments) {
  reads_.push_back(
      std::make_unique<Read>(Read{client, *resolved.command, *resolved.container, arguments}));
}

bool LongReads::any_ready() const {
  return std::ranges::any_of(
      reads_, [](const auto& read) { return read->client.standing == Standing::kApart; });
}

std::unique_ptr<LongReads::Read> LongReads::take_ready() {
  const auto found = std::ranges::find_if(
      reads_, [](const auto& read) { return read->client.standing == Standing::kApart; });
  if (found == reads_.end()) return nullptr;
  std::unique_ptr<Read> read = std::move(*found);
  reads_.erase(found);
  return read;
}

bool LongReads::any_to_begin() const {
  return std::ranges::any_of(reads_, [](const auto& read) { return !read->state; });
}

bool LongReads::keep_state(Host& host) {
  std::set<State> states;
  for (const auto& read : reads_) states.insert(read->state);
  if (states.size() > kStatesMax) return false;
  const State newest = host.leader.keep();
  for (const auto& read : reads_) {
    if (!read->state) read->state = newest;
  }
  return true;
}

void LongReads::go_on(Host& host, SteadyTime until, const RoomFor& room, const After& after) {
  State newest;  // Nothing is committed meanwhile.
  while (steady_now() < until) {
    std::unique_ptr<Read> read = take_ready();
    if (!read) return;
    Client& client = read->client;
    const SteadyTime begin = steady_now();
    const SteadyTime end = std::min(until, begin + host.options.read_slice_max);
    const bool over = slice(*read, host, end, room(client), newest);
    CommandCount& count = host.observed.commands.of(read->command.id);
    const auto took = steady_now() - begin;
    count.time += took;
    read->took += took;
    if (over) {
      count.latency.add(read->took);
      --host.long_reads;
    } else {
      const auto behind = std::min(reads_.size(), kAtOnce - 1);
      reads_.insert(reads_.begin() + static_cast<std::ptrdiff_t>(behind), std::move(read));
    }
    after(client, over);
  }
}

bool LongReads::slice(Read& read, Host& host, SteadyTime until, std::size_t room, State& newest) {
  Client& client = read.client;
  const Drafting drafting(client, room);
  try {
    if (!read.state && !newest) newest = host.leader.keep();
    if (!read.state) read.state = newest;
    client.drafted = go_on(read, host, until);
    return client.drafted;
  } catch (const NoRoom& none) {
    client.held_back = HeldBack{HeldBack::Until::kRoom, none.bytes};
    client.output = {};  // Drops the draft: the read begins anew when there is room.
  } catch (const Error& error) {
    client.output.clear();
    client.reply.error(error_text(error));
    client.drafted = true;
  }
  return true;
}

bool LongReads::go_on(Read& read, Host& host, SteadyTime until) {
  if (!read.strand) {
    const auto work = [&read, &host] {
      PacedRead scope(read.state->view());
      Call call{read.client, scope, host, read.arguments, read.command, read.container};
      read.command.run(call);
    };
    const std::size_t most = read.command.has(kExecutes) ? kUnitsMax : SIZE_MAX;
    read.strand = std::make_unique<Strand>(work, most, host.options.strand_time.get());
  }
  if (!read.strand->go_on(until)) return false;
  try {
    read.strand->result();
  } catch (const Strand::TooMuch& much) {
    host.watched.forget(read.client);
    read.client.output.clear();
    read.client.reply.error(too_much(much));
  }
  return true;
}

void LongReads::forget(Host& host, const Client& client) {
  host.long_reads -=
      std::erase_if(reads_, [&](const auto& read) { return &read->client == &client; });
}

}  // namespace anabranch::server
