#include "server/resp/concern/held_answer.h"

#include <algorithm>
#include <string>
#include <utility>

namespace anabranch::server {
namespace {

using Outcome = ClientConcern::Outcome;

// Gives the answer out, with this outcome.
bool give(Client& client, Outcome outcome) {
  client.concern->outcome = outcome;
  client.output.append(std::exchange(client.wait->held, {}));
  return true;
}

bool miss(Host& host, Client& client) {
  ClientConcern& own = *client.concern;
  own.outcome = Outcome::kMissed;
  host.concerns.count_missed();
  host.observed.errors.add("CONCERN");
  client.reply.error("CONCERN it is written here; lacking: " +
                     lacking(host.concerns.holding_of(*own.concern, own.write)));
  return true;
}

bool degrade(Host& host, Client& client) {
  host.concerns.degrade(*client.concern->concern, client.concern->write);
  return give(client, Outcome::kDegraded);
}

// `until`: the end of the time that the terms give. A wait that ends before was ended by somebody.
bool attempt(Host& host, Client& client, SteadyTime until, bool late) {
  if (client.wait->revoked) return give(client, Outcome::kNone);
  if (client.standing != Standing::kApart) return false;
  if (!client.session.stamped()) client.session.stamp(host.leader.committed());
  ClientConcern& own = *client.concern;
  Concern& concern = *own.concern;
  if (own.write.seq == 0) {
    own.write.seq = client.session.written_at(own.write.origin);
    host.concerns.note(concern, own.write);
  }
  const ConcernTerms& terms = concern.terms();
  if (host.concerns.met(concern, own.write)) {
    host.concerns.count_met();
    return give(client, Outcome::kMet);
  }
  if (terms.degrades && concern.latched()) return degrade(host, client);
  if (!late) return false;
  return terms.degrades && steady_now() >= until ? degrade(host, client) : miss(host, client);
}

}  // namespace

void prepare_to_hold(Client& client, const Command& command) {
  if (!command.has(kExecutes)) return;
  const auto writes = [](const Queue::Entry& entry) { return entry.command->changes(); };
  client.concern->executes_writes = std::ranges::any_of(client.queue.entries, writes);
}

bool hold_answer(const Call& call, std::size_t begin) {
  if (call.command.has(kExecutes) && !call.client.concern->executes_writes) return false;
  return hold_answer(call.host, call.client, begin);
}

bool hold_answer(Host& host, Client& client, std::size_t begin) {
  const bool is_error = client.reply.is_error(begin);
  if (is_error || client.wait || client.reply_mode.drops()) return false;
  ClientConcern& own = *client.concern;
  own.outcome = Outcome::kWaits;
  own.write = {.origin = host.leader.origin(), .seq = 0};
  const SteadyTime until = steady_now() + own.concern->terms().patience;
  const auto try_it = [&host, &client, until](bool late) {
    return attempt(host, client, until, late);
  };
  Wait wait{.attempt = try_it, .until = until, .unblockable = true};
  wait.held.append(client.output, begin, client.output.size());
  client.reply.rewind(begin);
  client.wait = std::move(wait);
  return true;
}

void revoke_held(std::span<Client* const> clients, std::string_view error) {
  for (Client* client : clients) {
    if (!client->wait || client->wait->held.empty()) continue;
    client->wait->held.clear();
    Writer(client->wait->held, SIZE_MAX).error(error);
    client->wait->revoked = true;
  }
}

std::uint64_t held_answers(const Host& host) {
  const auto is_held = [](const auto& each) {
    return each.second->wait && !each.second->wait->held.empty();
  };
  return static_cast<std::uint64_t>(std::ranges::count_if(host.clients, is_held));
}

bool end_wait(Client& client) {
  if (!client.wait || client.wait->held.empty()) return false;
  client.wait->until = steady_now();
  return true;
}

}  // namespace anabranch::server
