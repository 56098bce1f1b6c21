// Messages of presence in the network, and the check that all hear them when it is calm.
#include <algorithm>
#include <deque>
#include <set>

#include "tests/sim/network.h"

namespace anabranch::test {

void Network::publish(Index at) {
  if (!running(at)) return;
  Node& here = node(at);
  std::string body = presence_.publish(machines_[at].region, here.nonce(), random_);
  here.replica().publish(std::string(PresenceLedger::kChannel), std::move(body), 0, now_);
  carry_out(at);
}

// A region that was declared lost is told nothing.
bool Network::talk(Index one, Index other) {
  const auto knows = [&](Index from, Index to) {
    const regions::Exchange& exchange = node(from).replica().exchange();
    return std::ranges::any_of(exchange.peers(), [&](const auto& each) {
      return each.second.nonce == node(to).nonce() && exchange.links().usable(each.second);
    });
  };
  return one != other && running(one) && running(other) && !lost(one, other) && !lost(other, one) &&
         knows(one, other) && knows(other, one);
}

std::set<Network::Index> Network::reached_from(Index publisher) {
  std::set<Index> reached{publisher};
  for (std::deque<Index> next{publisher}; !next.empty(); next.pop_front()) {
    for (Index other = 0; other < size(); ++other) {
      if (talk(next.front(), other) && reached.insert(other).second) next.push_back(other);
    }
  }
  reached.erase(publisher);
  return reached;
}

std::string Network::wrong_presence() {
  constexpr core::Millis kSoonMs = 500;
  for (Index publisher = 0; publisher < size(); ++publisher) {
    if (!running(publisher)) continue;
    std::string body =
        presence_.publish(machines_[publisher].region, node(publisher).nonce(), random_);
    const std::set<Index> reached = reached_from(publisher);
    node(publisher).replica().publish(std::string(PresenceLedger::kChannel), body, 0, now_);
    carry_out(publisher);
    run(kSoonMs);
    for (const Index at : reached) {
      if (presence_.has_heard(node(at).nonce(), body)) continue;
      return name(at) + " does not hear a message of " + name(publisher) + " when all is calm";
    }
  }
  return failure_;
}

}  // namespace anabranch::test
