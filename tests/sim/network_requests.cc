// Requests that count once: their ids, the sweep behind them, and the check of their sums.
#include <algorithm>

#include "rows/requests/request_rows.h"
#include "tests/sim/network.h"

namespace anabranch::test {

namespace {

constexpr core::Millis kRequestsEveryMs = 300;
constexpr leader::RequestLimits kRequestLimits{
    .once_ms = 5'000, .grace_ms = 3'000, .looks = 20, .acts = 3};

std::string id_of(std::uint64_t number) { return "q" + std::to_string(number); }

}  // namespace

std::string Network::request_id(Random& random) {
  constexpr std::uint64_t kSentAgain = 4;
  const std::uint64_t back = random.below(kSentAgain + 1);
  if (back < last_request_) {
    std::string id = id_of(last_request_ - back);
    if (back > 0 && !forgotten_requests_.contains(rows::request_path(id))) return id;
  }
  return id_of(++last_request_);
}

std::unique_ptr<leader::RequestSweep> Network::make_request_sweep(Node& node) {
  return std::make_unique<leader::RequestSweep>(node.replica(), kRequestLimits);
}

void Network::forget_requests(Index at) {
  Machine& machine = machines_[at];
  if (now_ < machine.next_requests_ms) return;
  machine.next_requests_ms = now_ + kRequestsEveryMs;
  machine.broken = fails(at, machine.requests->slice(now_));
  bool knows_all = true;
  for (Index each = 0; each < size(); ++each) {
    knows_all = knows_all && (follows(each) || counts_for(at, each));
  }
  // An author may follow by now, or go on under another origin.
  const regions::RegionList& list = machine.node->replica().members().list();
  const auto is_unknown = [&](core::Origin author) { return list.region_of(author).empty(); };
  for (const core::Path& request : machine.requests->last()) {
    forgotten_requests_.insert(request);
    const bool knows_authors = std::ranges::none_of(ledger_.authors(request), is_unknown);
    if (!knows_all || !knows_authors) forgotten_unknowing_.insert(request);
  }
  follow(at);
}

// A leader on an older state, one that nobody knew of, or one that was declared lost has not seen
// what the others have forgotten: what they execute counts again. So does what others execute that
// a leader does not know yet, once that leader has forgotten it.
std::string Network::wrong_request(Index at) {
  if (anybody_strays() || intruders() > 0) return {};
  const bool promised = carried_.restored == 0 && carried_.strayed == 0 && !had_outsiders_;
  return ledger_.wrong_request(node(at), promised ? forgotten_unknowing_ : forgotten_requests_);
}

}  // namespace anabranch::test
