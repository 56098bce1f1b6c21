#include "tests/sim/client.h"

#include "leader/session_wait.h"
#include "rows/snapshot_reader.h"

namespace anabranch::test {

namespace {

// A space of their own, without clears.
constexpr std::string_view kClientSpace{"\2"};

core::Path sum_row() { return {kClientSpace, "sum", "s"}; }

}  // namespace

core::Path Client::own_row() const { return {kClientSpace, name_, "s"}; }

void Client::begin_anew() {
  name_ += "'";
  seen_ = {};
  written_ = sum_ = 0;
}

bool Client::let_in(Network& network, Network::Index at, std::string& wrong) {
  const regions::Replica& replica = network.node(at).replica();
  const auto lacks = leader::missing_writes(seen_, replica.applied(), replica.members().list(),
                                            replica.members().settled());
  if (lacks.empty()) return true;
  ++refusals_;
  const core::VersionVector& promised = network.ledger().promised();
  for (const leader::MissingWrites& each : lacks) {
    const bool there = promised.at(each.origin) >= seen_.at(each.origin);
    if (each.gone && there && !network.settled_unknowing().contains(each.origin))
      wrong = "calls gone what is not: " + to_string(std::vector<leader::MissingWrites>{each});
  }
  if (!promised.includes(seen_)) begin_anew();
  return false;
}

std::string Client::read(Node& node) {
  const auto rows = rows::SnapshotReader::newest(node.disk(), node.replica().names());
  const auto siblings = rows.row(own_row()).cell.siblings;
  const std::string own = siblings.size() == 1 ? siblings.front().value : "";
  if (own != (written_ == 0 ? "" : std::to_string(written_))) {
    return "a client finds '" + own + "' where it wrote " + std::to_string(written_);
  }
  const std::int64_t before =
      std::exchange(sum_, static_cast<std::int64_t>(rows.row(sum_row()).tally.sum().as_integer()));
  return sum_ >= before ? "" : "a client has gone back in time";
}

void Client::write(regions::Group& group) const {
  group.put(own_row(), std::to_string(written_ + 1));
  group.add(sum_row(), core::Number(std::int64_t{1}));
}

std::string Client::visit(Network& network, Network::Index at) {
  std::string wrong;
  if (network.rotten(at)) return wrong;  // It would get errors.
  if (!let_in(network, at, wrong)) return wrong;
  ++visits_;
  wrong = read(network.node(at));
  seen_.join(network.node(at).vector());
  if (!wrong.empty()) return wrong;
  if (network.follows(at)) {
    network.try_to_write(at, [&](regions::Group& group) { write(group); });
    return {};
  }
  if (!network.write(at, [&](regions::Group& group) { write(group); })) {
    if (network.node(at).disk().may_keep_failed_commits()) begin_anew();  // It may count later.
    return {};
  }
  ++written_;
  seen_.join(network.node(at).vector());
  return {};
}

}  // namespace anabranch::test
