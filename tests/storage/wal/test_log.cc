#include "tests/storage/wal/test_log.h"

#include <doctest/doctest.h>

#include <span>
#include <utility>

#include "storage/wal/wal_segment.h"

namespace anabranch::storage::test {

void TestLog::open(const WalBase& base) {
  opened.wal.reset();
  wal = nullptr;
  Opening opening(*disk, options, base);
  REQUIRE(opening.opened.ok());
  given = std::move(opening.redone);
  opened = std::move(opening.opened).value();
  wal = opened.wal.get();
}

void TestLog::lose_power(Survival survival, std::uint64_t seed) {
  opened.wal.reset();
  wal = nullptr;
  disk = disk->image(survival, seed);
}

Ticket TestLog::append(const std::string& bytes) {
  const LogRecord batch{7, seq_ + 1, seq_ + 1, bytes};
  ++seq_;
  const auto ticket = wal->append(std::span(&batch, 1), bytes);
  REQUIRE(ticket.ok());
  return ticket.value();
}

Ticket TestLog::append_synced(const std::string& bytes) {
  const Ticket ticket = append(bytes);
  REQUIRE(wal->sync().ok());
  return ticket;
}

std::vector<std::string> TestLog::redone() const {
  std::vector<std::string> all;
  for (const Redone& each : given) all.push_back(each.changes);
  return all;
}

std::vector<std::string> TestLog::batches() const {
  std::vector<std::string> all;
  const auto read = batches_of(*wal);
  REQUIRE(read.ok());
  for (const StoredRecord& batch : read.value()) all.push_back(batch.bytes);
  return all;
}

void TestLog::damage(const std::string& bytes) {
  const auto names = disk->list();
  for (const std::string& name : names.value()) {
    std::string& content = disk->content(name);
    const auto at = content.find(bytes);
    if (at == std::string::npos) continue;
    content[at] = static_cast<char>(content[at] ^ 0x20);
    return;
  }
  FAIL("the disk has no such bytes");
}

WalBase TestLog::base_here() const {
  return {wal->last().ticket, wal->last().position, wal->opening()};
}

std::vector<std::string> TestLog::segments() const {
  const auto names = disk->list();
  std::vector<std::string> all;
  for (const std::string& name : names.value()) {
    if (SegmentName::parse(name)) all.push_back(name);
  }
  return all;
}

}  // namespace anabranch::storage::test
