#include "tests/node.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/assert.h"
#include "crdt/canonical.h"

namespace anabranch::test {

using core::Path;
using crdt::Row;

namespace {

constexpr core::Millis kAnyDrift = core::Millis{1} << 46;

// Recounts all that counts.h keeps, from the rows alone: {collection: names shown in it}.
std::map<Path, std::set<std::string>> recount(const regions::RowReader& rows) {
  std::map<Path, std::set<std::string>> shown;
  rows.scan({}, [&](const Path& path, const Row& row) {
    const core::Components parts = path.components();
    if (!row.present() || parts.size() < 3 || parts[0] == std::string(1, '\0')) return true;
    Path at{parts[0]};
    shown[at].insert(parts[1]);
    at.append(parts[1]);
    for (std::size_t i = 2; i + 1 < parts.size() && (parts[i] == "h" || parts[i] == "e"); i += 2) {
      at.append(parts[i]);
      shown[at].insert(parts[i + 1]);
      at.append(parts[i + 1]);
    }
    return true;
  });
  return shown;
}

}  // namespace

Node::Node(std::string region, core::Origin origin, std::unique_ptr<storage::MemoryStorage> storage,
           bool new_origin)
    : storage_(storage ? std::move(storage) : std::make_unique<storage::MemoryStorage>()),
      clock_(std::make_unique<core::ManualClock>()) {
  auto opened = regions::Replica::open(*storage_, *clock_,
                                       {.mesh = {1, 1},
                                        .region = std::move(region),
                                        .fresh_origin = origin,
                                        .nonce = origin,
                                        .new_origin = new_origin,
                                        .drift_ms_max = kAnyDrift});
  ANABRANCH_ASSERT(opened.ok());
  replica_ = std::move(opened).value();
}

void Node::write(core::Millis wall, const std::function<void(regions::Group&)>& function) {
  clock_->set(wall);
  replica_->write(function);
  ANABRANCH_ASSERT(replica_->commit().ok());
  replica_->effects().clear();
}

void Node::deliver(Node& from, const std::string& bytes) {
  const auto [link, fresh] = links_.try_emplace(from.origin(), links_.size() + 1);
  if (fresh) {
    const regions::Identity& sender = from.replica().identity();
    replica_->link_up(link->second, {}, 0);
    replica_->step(link->second,
                   regions::Greeting{regions::Greeting::kProtocol, sender.mesh, sender.region,
                                     sender.origin, sender.origin, from.vector()},
                   0);
  }
  regions::Message message = regions::BatchMessage{0, bytes};
  auto arrived =
      regions::decode_message(regions::kind_of(message), regions::encode_message(message));
  ANABRANCH_ASSERT(arrived.ok());
  replica_->step(link->second, std::move(arrived).value(), 0);
  apply();
}

void Node::apply() {
  for (;;) {
    const auto more = replica_->apply(0);
    ANABRANCH_ASSERT(more.ok());
    if (!more.value()) break;
  }
  replica_->effects().clear();
}

void Node::merge(Node& from) {
  ANABRANCH_ASSERT(replica_->merge(*from.replica().reader(), from.replica().applied()).ok());
  apply();
}

Visible Node::visible() const {
  Visible visible;
  replica_->reader()->scan({}, [&](const Path& path, const Row& row) {
    for (const crdt::Sibling& each : row.cell.siblings) {
      visible.cells[path].push_back({each.hlc, each.dot, each.value});
    }
    if (row.tally.live()) visible.tallies[path] = row.tally.sum();
    return true;
  });
  for (auto& [path, values] : visible.cells) std::ranges::sort(values);
  return visible;
}

core::Hash128 Node::digest() const {
  core::Hash128 sum;
  replica_->reader()->scan({}, [&](const Path& path, const Row& row) {
    sum += crdt::row_digest(path, row);
    return true;
  });
  return sum;
}

std::string Node::wrong_count() const {
  const auto rows = replica_->reader();
  const auto truth = recount(*rows);
  for (const auto& [path, names] : truth) {
    if (rows->count(path) != names.size()) {
      return "a collection with " + std::to_string(names.size()) + " counts " +
             std::to_string(rows->count(path));
    }
  }
  const auto snapshot = storage_->snapshot();
  const auto cursor = snapshot->scan(storage::Table::kCounts, {}, storage::Direction::kForward);
  for (; cursor->valid(); cursor->next()) {
    const auto path = Path::from_encoded(cursor->key());
    if (!path.ok() || !truth.contains(path.value())) return "something empty is counted";
  }
  return {};
}

}  // namespace anabranch::test
