// Bytes that change on disks and in memory, where no checksum of frames or files notices.
#include <anabranch/error.h>

#include <algorithm>
#include <utility>

#include "core/batch.h"
#include "core/checksum.h"
#include "core/space.h"
#include "storage/layout.h"
#include "tests/sim/engine_disk.h"
#include "tests/sim/network.h"
#include "tests/write.h"

namespace anabranch::test {

using core::VersionVector;

bool Network::flip_record(Index at) {
  constexpr std::size_t kHeader = 24;  // Of a stored record.
  Disk& disk = node(at).disk();
  if (anybody_strays() || rotten(at) || disk.last_position() == 0) return false;
  const auto record = disk.read_log(1 + random_.below(disk.last_position()));
  if (!record || !ledger_.knows(*record)) return false;
  const std::size_t offset = kHeader + random_.below(record->bytes.size());
  const auto bits = static_cast<std::uint8_t>(1 + random_.below(255));
  if (!disk.flip(record->position, offset, bits)) return false;
  machines_[at].flipped.emplace(record->origin, record->last);
  return true;
}

namespace {

// The ops of each origin that a log has without a gap, up to its newest: {origin: [first, last]}.
using Tails = std::map<core::Origin, std::pair<core::Seq, core::Seq>>;

Tails tails_of(const regions::LogReader& log) {
  Tails tails;
  for (auto record = log.read_log(1); record; record = log.read_log(record->position + 1)) {
    auto& [first, last] = tails[record->origin];
    if (record->first != last + 1) first = record->first;
    last = record->last;
  }
  return tails;
}

// Whether the rows of a leader with the vector `others`, and this log, give all of `own`.
bool completes(const Tails& tails, const core::VersionVector& own,
               const core::VersionVector& others) {
  return std::ranges::all_of(own, [&](const core::VersionVector::Entry& each) {
    if (each.seq <= others.at(each.origin)) return true;
    const auto tail = tails.find(each.origin);
    if (tail == tails.end()) return false;
    const auto& [first, last] = tail->second;
    return first <= others.at(each.origin) + 1 && last == each.seq;
  });
}

}  // namespace

bool Network::others_suffice(Index at) const {
  Node& node = *machines_[at].node;
  const Tails tails = tails_of(node.replica().state().log());
  for (Index other = 0; other < size(); ++other) {
    if (other == at || broken(other)) continue;
    if (completes(tails, node.vector(), machines_[other].node->vector())) return true;
  }
  return false;
}

bool Network::rot_values(Index at) {
  constexpr std::size_t kValuesMax = 5;
  const bool another = std::ranges::any_of(machines_, &Machine::rotten);
  // What its rows lack must be in its log or somewhere else.
  const bool lacks_log = !machines_[at].flipped.empty();
  if (another || lacks_log || broken(at) || anybody_strays() || !others_suffice(at)) return false;
  Disk& disk = node(at).disk();
  const auto snapshot = disk.snapshot();
  std::vector<std::pair<storage::Table, std::string>> places;
  for (const storage::TablePair& pair : storage::kSwappedTables) {
    const auto cursor = snapshot->scan(pair.current, {});
    for (; cursor->valid(); cursor->next()) {
      const bool of_mesh = cursor->key().starts_with(core::Path{core::kMeshSpace}.encoded());
      const bool of_orders = cursor->key() == storage::kOrderCounterKey;
      if (!of_mesh && !of_orders) places.emplace_back(pair.current, cursor->key());
    }
  }
  if (places.empty()) return false;
  bool any = false;
  for (std::size_t i = 1 + random_.below(kValuesMax); i > 0; --i) {
    const auto& [table, key] = random_.pick(places);
    any = disk.rot(table, key) || any;
  }
  machines_[at].rotten = any;
  machines_[at].was_rotten = machines_[at].was_rotten || any;
  return any;
}

// The records that lie behind the reach of the tables alone, but for the last one: nothing says
// that this was on the disk.
bool Network::flip_log(Index at) {
  const bool prompt = engine_ && disks_ == Disks::kPrompt;
  const bool rots = std::ranges::any_of(machines_, &Machine::rotten);
  if (!prompt || rots || broken(at) || anybody_strays() || node(at).disk().failed()) return false;
  note_synced(at);
  auto disk = node(at).disk().clone();
  if (!static_cast<EngineDisk&>(*disk).flip_behind_reach()) return false;
  VersionVector had = machines_[at].trail.vector;
  if (machines_[at].lost) had.join(*machines_[at].lost);
  const VersionVector before = machines_[at].trail.vector;
  const auto links = stop(at);
  reopen(at, std::move(disk));
  Machine& machine = machines_[at];
  const VersionVector& now = node(at).vector();
  if (strays_again(at, before)) {
    ++carried_.lost_logs;
    ledger_.lost(kept());
    for (const auto& [one, other] : links) link(one, other);
    return true;
  }
  if (!before.includes(now)) note(at, "more than there was after a bit of its log has changed");
  const bool lost = !now.includes(before);
  const bool says = !node(at).replica().lost().all().empty();
  if (lost && !says) note(at, "its log has lost writes, and it does not say so");
  if (says) machine.lost = std::move(had);
  if (lost) {
    ++carried_.lost_logs;
    if (machine.has_led) machine.owes = background_of(at).upkeep().sweeping();  // As in `demote`.
    ledger_.lost(kept());
  }
  for (const auto& [one, other] : links) link(one, other);
  return lost;
}

void Network::look_at_loss(Index at) {
  Machine& machine = machines_[at];
  if (!machine.lost || !node(at).replica().lost().all().empty()) return;
  const auto had = *std::exchange(machine.lost, std::nullopt);
  if (!node(at).vector().includes(had)) note(at, "no longer says what its log has lost");
  ++carried_.regained;
}

void Network::look_at_damage(Index at) {
  Machine& machine = machines_[at];
  if (broken(at)) return;  // The commit that failed may be the one that was to have the rows again.
  look_at_loss(at);
  const bool takes = node(at).replica().state().damaged().any();
  const bool took = std::exchange(machine.takes_again, takes);
  if (took && !takes) machine.rotten = false;
  // A batch that meets damage makes it known; then an operator may have done that before.
  const bool look = !took || random_.chance(0.2);
  if (!takes || !look || machine.stray) return;
  note(at, ledger_.wrong_beside_damage(node(at)));
}

bool Network::run_transaction(Index at, const std::function<void(regions::Group&)>& function) {
  try {
    test::write(node(at).replica(), function);
    return true;
  } catch (const Error& error) {
    const regions::Replica& replica = node(at).replica();
    // What was refused before is tried again, and may find that the disk has failed meanwhile.
    machines_[at].broken = replica.broken().has_value();
    if (machines_[at].broken || replica.state().refused()) return false;
    if (!rotten(at) || error.code() != ErrorCode::kCorrupt) throw;
    return false;
  }
}

void Network::rot(std::string& batch) {
  if (core::checksum_of(batch) != core::Checksum::kRight) return;
  std::string changed = batch;
  char& byte = changed[random_.below(changed.size())];
  byte = static_cast<char>(byte ^ static_cast<char>(1 + random_.below(255)));
  if (core::checksum_of(changed) != core::Checksum::kWrong) return;
  if (!core::decode_batch(core::without_checksum(changed)).ok()) return;  // That would be rubbish.
  batch = std::move(changed);
  --batches_to_rot_;
  ++carried_.rotten_batches;
}

void Network::check_sent(Index from, const regions::Message& message) {
  const auto* const batch = std::get_if<regions::BatchMessage>(&message);
  if (batch == nullptr || machines_[from].flipped.empty()) return;
  const auto head = core::decode_batch_header(batch->bytes);
  if (!head.ok()) return note(from, "sends a damaged record");
  const core::BatchHeader& of = head.value();
  if (!machines_[from].flipped.contains({of.origin, of.last})) return;
  if (!ledger_.knows({0, of.origin, of.first, of.last, batch->bytes})) {
    note(from, "sends a damaged record");
  }
}

}  // namespace anabranch::test
