#include "server/resp/concern/held_answer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "server/resp/concern/write_concerns.h"

namespace anabranch::server {
namespace {

using Outcome = ClientConcern::Outcome;

// Gives the answer out, with this outcome.
bool give(Client& client, Outcome outcome) {
  client.concern->outcome = outcome;
  client.output.append(std::exchange(client.wait->held, {}));
  return true;
}

// Answers with the error; the wait was missed, or ended by somebody.
bool refuse(Host& host, Client& client, Outcome outcome) {
  ClientConcern& own = *client.concern;
  own.outcome = outcome;
  Concerns::Counts& counts = host.concerns.counts();
  ++(outcome == Outcome::kEnded ? counts.ended : counts.missed);
  host.observed.errors.add("CONCERN");
  client.reply.error("CONCERN it is written here; lacking: " +
                     lacking(host.concerns.holding_of(own.unmet, own.write)));
  return true;
}

// Names the write, once it is committed.
void find_write(Host& host, Client& client) {
  ClientConcern& own = *client.concern;
  if (own.write.seq != 0) return;
  own.write.seq = client.session.written_at(own.write.origin);
  for (const SharedConcern& each : own.unmet) host.concerns.note(*each, own.write);
}

// Whether a concern is looked at no more: it is met, or degrades.
bool is_done(Host& host, ClientConcern& own, const SharedConcern& concern, SteadyTime now) {
  if (host.concerns.met(*concern, own.write)) return true;
  const ConcernTerms& terms = concern->terms();
  if (!terms.degrades || (!concern->latched() && now < own.begun + terms.patience)) return false;
  host.concerns.degrade(concern, own.write);
  own.degraded = true;
  return true;
}

SteadyTime end_of(const ClientConcern& own) {
  SteadyTime first = SteadyTime::max();
  for (const SharedConcern& each : own.unmet) {
    first = std::min<SteadyTime>(first, own.begun + each->terms().patience);
  }
  return first;
}

// `late` before the end of the first concern: somebody has ended the wait.
bool attempt(Host& host, Client& client, bool late) {
  if (client.wait->revoked) return give(client, Outcome::kNone);
  if (client.standing != Standing::kApart) return false;
  if (!client.session.stamped()) client.session.stamp(host.leader.committed());
  find_write(host, client);
  ClientConcern& own = *client.concern;
  const SteadyTime now = steady_now();
  std::erase_if(own.unmet,
                [&](const SharedConcern& each) { return is_done(host, own, each, now); });
  if (own.unmet.empty()) {
    Concerns::Counts& counts = host.concerns.counts();
    ++(own.degraded ? counts.degraded : counts.met);
    return give(client, own.degraded ? Outcome::kDegraded : Outcome::kMet);
  }
  const bool ended = late && now < own.until;
  own.until = end_of(own);
  if (now >= own.until) return refuse(host, client, Outcome::kMissed);
  if (ended) return refuse(host, client, Outcome::kEnded);
  client.wait->until = own.until;
  return false;
}

}  // namespace

void prepare_to_hold(const Host& host, Client& client, const Command& command, Arguments words) {
  if (client.concern) client.concern->next.clear();
  if (!command.changes()) return;
  std::vector<SharedConcern> concerns = concerns_of_write(host, client, command, words);
  if (concerns.empty()) return;
  if (!client.concern) client.concern = std::make_unique<ClientConcern>();
  client.concern->next = std::move(concerns);
}

bool hold_answer(Host& host, Client& client, std::size_t begin) {
  ClientConcern& own = *client.concern;
  if (own.next.empty()) return false;
  const bool is_error = client.reply.is_error(begin);
  if (is_error || client.wait || client.reply_mode.drops()) return false;
  own.outcome = Outcome::kWaits;
  own.concerns = std::exchange(own.next, {});
  own.unmet = own.concerns;
  own.degraded = false;
  own.write = {.origin = host.leader.origin(), .seq = 0};
  own.begun = steady_now();
  own.until = end_of(own);
  const auto try_it = [&host, &client](bool late) { return attempt(host, client, late); };
  Wait wait{.attempt = try_it, .until = own.until, .unblockable = true};
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
