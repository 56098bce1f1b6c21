#include "tests/node.h"
#include "tests/write.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>

#include "core/assert.h"
#include "crdt/canonical.h"
#include "crdt/expiry.h"
#include "rows/counts.h"
#include "rows/expiry_index.h"
#include "rows/row_walk.h"
#include "rows/scores/score_check.h"

namespace anabranch::test {

using core::Path;
using crdt::Row;

namespace {

constexpr core::Millis kAnyDrift = core::Millis{1} << 46;

std::uint64_t next_nonce() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last << 32U;
}

// Whether an element of a remove-wins set has been removed.
bool removed(const Row& row) {
  return std::ranges::any_of(row.cell.siblings,
                             [](const crdt::Sibling& each) { return each.value == "0"; });
}

// Returns whether the names below a tag are counted.
bool counts(const std::string& tag) {
  return tag.size() == 1 && std::string_view("heEzlti").find(tag) != std::string_view::npos;
}

// Whether a row says more of an element of a list or text, and shows nothing by itself.
bool is_part(const core::Components& parts) {
  std::size_t tag = 2;
  while (tag + 2 < parts.size() && (parts[tag] == "h" || parts[tag] == "i")) {
    if (parts[tag] == "i" && parts[tag + 1] == "m") return true;
    tag += 2;
  }
  return (parts[tag] == "l" || parts[tag] == "t") && parts.size() > tag + 2;
}

core::Components first(const core::Components& parts, std::size_t count) {
  return {parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(count)};
}

// Returns a name for what a deep row adds to the number at its counted level; nullopt for others.
std::optional<std::string> counted_rest(const core::Components& parts) {
  if (parts.size() <= rows::kCountedDepth) return std::nullopt;
  std::string rest;
  // An element at that level or below, that the row is in, keeps it from counting there.
  for (std::size_t tag = 2; tag + 1 < parts.size() && counts(parts[tag]); tag += 2) {
    if (parts[tag] == "i" && tag + 2 >= rows::kCountedDepth && tag + 2 < parts.size()) return {};
  }
  for (std::size_t i = rows::kCountedDepth; i < parts.size(); ++i) rest += '/' + parts[i];
  return rest;
}

// Recounts all that counts.h keeps, and the fields of deep maps, from the rows alone:
// {collection: names shown in it}.
std::map<Path, std::set<std::string>> recount(const rows::RowReader& rows) {
  std::map<Path, std::set<std::string>> shown;
  rows.scan(core::Path(), [&](const Path& path, const Row& row) {
    const core::Components parts = path.components();
    if (!row.present() || parts.size() < 3 || parts[0] == std::string(1, '\0')) return true;
    if (parts.size() == 3 && parts[2] == "x") return true;  // An expiry shows nothing.
    if (is_part(parts)) return true;
    // The tags of a path stand at even places: [space, key, tag, name, tag, name].
    const std::size_t last_tag = (parts.size() - 1) / 2 * 2;
    if (parts[last_tag] == "E" && removed(row)) return true;
    Path at{parts[0]};
    std::map<Path, std::string> members{{at, parts[1]}};
    at.append(parts[1]);
    for (std::size_t i = 2; i + 1 < parts.size() && counts(parts[i]); i += 2) {
      at.append(parts[i]);
      members[at] = parts[i + 1];
      at.append(parts[i + 1]);
      // What is in an element of a list of containers counts nowhere above it.
      if (parts[i] == "i" && i + 2 < parts.size()) members.clear();
    }
    if (std::optional<std::string> rest = counted_rest(parts)) {
      shown[core::Path::of(first(parts, rows::kCountedDepth))].insert(*std::move(rest));
    }
    for (const auto& [collection, member] : members) shown[collection].insert(member);
    return true;
  });
  return shown;
}

}  // namespace

Node::Node(std::string region, core::Origin origin, std::unique_ptr<storage::MemoryStorage> storage,
           bool new_origin, regions::SnapshotLimits snapshots)
    : Node({.mesh = {1, 1},
            .region = std::move(region),
            .fresh_origin = origin,
            .nonce = next_nonce(),
            .new_origin = new_origin,
            .drift_ms_max = kAnyDrift,
            .limits = {.snapshots = snapshots}},
           std::move(storage), 0) {}

Node::Node(regions::ReplicaOptions options, std::unique_ptr<storage::MemoryStorage> storage,
           core::Millis wall)
    : Node(std::make_unique<MemoryDisk>(storage ? std::move(storage)
                                                : std::make_unique<storage::MemoryStorage>()),
           std::move(options), wall) {
  memory_ = &static_cast<MemoryDisk&>(*disk_).memory();
}

Node::Node(std::unique_ptr<Disk> disk, regions::ReplicaOptions options, core::Millis wall)
    : disk_(std::move(disk)),
      clock_(std::make_unique<core::ManualClock>(wall)),
      nonce_(options.nonce) {
  auto opened = regions::Replica::open(*disk_, *clock_, std::move(options));
  ANABRANCH_ASSERT(opened.ok());
  replica_ = std::move(opened).value();
}

void Node::write(core::Millis wall, const std::function<void(regions::Group&)>& function) {
  clock_->set(wall);
  test::write(*replica_, function);
  ANABRANCH_ASSERT(replica_->commit().ok());
  replica_->effects().clear();
}

void Node::deliver(Node& from, const std::string& bytes) {
  const regions::LinkId link = link_to(from);
  // The batch is unsolicited, so its sender must show that it has it.
  replica_->step(link, regions::Ack{0, 0, from.vector(), {}}, 0);
  regions::Message message = regions::BatchMessage{0, bytes};
  auto arrived =
      regions::decode_message(regions::kind_of(message), regions::encode_message(message));
  ANABRANCH_ASSERT(arrived.ok());
  replica_->step(link, std::move(arrived).value(), 0);
  apply();
}

regions::LinkId Node::link_to(Node& other) {
  NodeLink& link = links_[other.origin()];
  if (link.nonce == other.nonce_) return link.id;
  if (link.id != 0) replica_->link_down(link.id);
  link = {++last_link_, other.nonce_};
  const regions::Identity& peer = other.replica().identity();
  replica_->link_up(link.id, {}, 0);
  replica_->step(link.id,
                 regions::Greeting{regions::Greeting::kProtocol, peer.mesh, peer.region,
                                   peer.origin, other.nonce_, other.vector()},
                 0);
  return link.id;
}

void Node::carry(Node& to, core::Millis now) {
  const regions::LinkId here = link_to(to);
  const regions::LinkId there = to.link_to(*this);
  for (regions::Effect& effect : std::exchange(replica_->effects(), {})) {
    auto* send = std::get_if<regions::Send>(&effect);
    if (send == nullptr || send->link != here) continue;
    const bool of_snapshots = std::holds_alternative<regions::SnapshotRequest>(send->message) ||
                              std::holds_alternative<regions::SnapshotChunk>(send->message) ||
                              std::holds_alternative<regions::SnapshotRefusal>(send->message);
    if (!of_snapshots) continue;
    auto arrived = regions::decode_message(regions::kind_of(send->message),
                                           regions::encode_message(send->message));
    ANABRANCH_ASSERT(arrived.ok());
    to.replica().step(there, std::move(arrived).value(), now);
  }
}

void Node::apply() {
  for (;;) {
    const auto more = replica_->apply(0);
    ANABRANCH_ASSERT(more.ok());
    if (!more.value()) break;
  }
  replica_->effects().clear();
}

void Node::merge(Node& from, const std::function<void()>& between) {
  constexpr core::Millis kStepMs = 500;
  // Each merge is of the moment: the snapshots of earlier ones are too old to be shared.
  static core::Millis now = 0;
  now += 2 * regions::SnapshotLimits().share_ms_max;
  link_to(from);
  from.link_to(*this);
  replica_->effects().clear();
  from.replica().effects().clear();
  replica_->background().ask_for_snapshot(from.origin(), now);
  for (int idle = 0; replica_->background().snapshots().receiving(); ++idle) {
    ANABRANCH_ASSERT(idle < 1'000'000);
    carry(from, now);
    ANABRANCH_ASSERT(from.replica().background().work(now).ok());
    from.carry(*this, now);
    between();
    ANABRANCH_ASSERT(replica_->background().work(now).ok());
    between();
    ANABRANCH_ASSERT(replica_->background().sweep().ok());  // The swap waits for it.
    // Lost messages are asked for again.
    now += kStepMs;
    if (replica_->background().snapshots().receiving()) replica_->tick(now);
  }
  apply();
}

void Node::sweep() {
  while (replica_->background().upkeep().tidying())
    ANABRANCH_ASSERT(replica_->background().sweep().ok());
  replica_->effects().clear();
}

Visible Node::visible() const { return visible_in(*replica_->reader(rows::Tallies::kAsLogged)); }

Visible Node::shown() const { return visible_in(*replica_->reader()); }

core::Hash128 Node::digest() const {
  core::Hash128 sum;
  replica_->reader(rows::Tallies::kAsLogged)
      ->scan(core::Path(), [&](const Path& path, const Row& row) {
        sum += crdt::row_digest(path, row);
        return true;
      });
  return sum;
}

std::string Node::wrong_count() const {
  const auto snapshot = disk_->snapshot();
  std::string wrong = wrong_count_in(*replica_->reader(), *snapshot);
  if (!wrong.empty() || replica_->background().upkeep().sweeping()) return wrong;
  const auto cursor = snapshot->scan(storage::Table::kCounts, {});
  for (; cursor->valid(); cursor->next()) {
    const Path path = rows::counted_at(cursor->key(), cursor->value());
    if (rows::is_deep_map(path)) return "a count of a deep map is kept";
    if (replica_->reader()->count(path) == 0) return "a count of nothing is kept";
  }
  return {};
}

std::string Node::wrong_order() const {
  std::string first;
  const rows::ScoreCheck check{.wrong =
                                   [&](std::string what) {
                                     if (first.empty()) first = std::move(what);
                                   },
                               .scores = &replica_->state().scores(),
                               .seed = replica_->state().scores().seed(),
                               .reordering = !replica_->state().reorder().empty()};
  (void)rows::check_scores(*replica_->reader(), check);
  return first;
}

Visible visible_in(const rows::RowReader& rows) {
  Visible visible;
  rows.scan(core::Path(), [&](const Path& path, const Row& row) {
    for (const crdt::Sibling& each : row.cell.siblings) {
      visible.cells[path].push_back({each.hlc, each.dot, each.value, each.base});
    }
    if (row.tally.live()) visible.tallies[path] = row.tally.sum();
    return true;
  });
  for (auto& [path, values] : visible.cells) std::ranges::sort(values);
  return visible;
}

std::string wrong_count_in(const rows::RowReader& rows, const storage::Snapshot& stored) {
  const auto truth = recount(rows);
  for (const auto& [path, names] : truth) {
    if (rows.count(path) != names.size()) {
      return "a collection with " + std::to_string(names.size()) + " counts " +
             std::to_string(rows.count(path));
    }
  }
  const auto cursor = stored.scan(storage::Table::kCounts, {});
  for (; cursor->valid(); cursor->next()) {
    const Path path = rows::counted_at(cursor->key(), cursor->value());
    if (!truth.contains(path) && rows.count(path) != 0) return "something empty is counted";
  }
  return {};
}

std::string Node::wrong_expiries() const {
  const auto snapshot = disk_->snapshot();
  std::set<std::string> truth;
  for (rows::RowWalk walk(*snapshot, {}, replica_->names().origins()); walk.valid(); walk.next()) {
    const auto [path, row] = walk.row().value();
    if (path.components().size() != 3 || path.last() != "x") continue;
    for (const crdt::Sibling& sibling : row.cell.siblings) {
      const auto expiry = crdt::decode_expiry(sibling.value);
      if (expiry) truth.insert(rows::due_key(expiry->deadline) + core::row_key(path));
    }
    if (!replica_->names().expiries().may_expire(path.parent().encoded())) {
      return "readers do not know of an expiry";
    }
  }
  std::set<std::string> kept;
  const auto cursor = snapshot->scan(storage::Table::kExpiries, {});
  for (; cursor->valid(); cursor->next()) kept.emplace(cursor->key());
  return kept == truth ? "" : "the order of expiries is not that of the rows";
}

std::string Node::wrong_digest() const {
  const auto snapshot = disk_->snapshot();
  const core::OriginTable& origins = replica_->names().origins();
  const auto truth = rows::Digests::of_rows(*snapshot, origins);
  const auto stored = rows::Digests::load(*snapshot, origins);
  ANABRANCH_ASSERT(truth.ok() && stored.ok());
  for (std::size_t i = 0; i < rows::Digests::kBuckets; ++i) {
    const std::string which = " bucket " + std::to_string(i) + " differs from its rows";
    if (replica_->state().digests().buckets()[i] != truth.value().buckets()[i])
      return "kept" + which;
    if (stored.value().buckets()[i] != truth.value().buckets()[i]) return "stored" + which;
  }
  if (replica_->background().upkeep().sweeping()) return {};  // More is stored than shown.
  const bool same =
      replica_->state().digests().total() == digest() && stored.value().total() == digest();
  return same ? "" : "the total differs from the rows";
}

}  // namespace anabranch::test
