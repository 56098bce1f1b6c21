// Bytes that change on disks and in memory, where no checksum of frames or files notices.
#include "core/batch.h"
#include "core/checksum.h"
#include "tests/sim/network.h"

namespace anabranch::test {

bool Network::flip_record(Index at) {
  constexpr std::size_t kHeader = 24;  // Of a stored record.
  Disk& disk = node(at).disk();
  if (anybody_strays() || disk.last_position() == 0) return false;
  const auto record = disk.read_log(1 + random_.below(disk.last_position()));
  if (!record || !ledger_.knows(*record)) return false;
  const std::size_t offset = kHeader + random_.below(record->bytes.size());
  const auto bits = static_cast<std::uint8_t>(1 + random_.below(255));
  if (!disk.flip(record->position, offset, bits)) return false;
  machines_[at].flipped.emplace(record->origin, record->last);
  return true;
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
