// Snapshots as bytes: the bytes that a scan accepts, and that no changed byte gets through it.

#include <doctest/doctest.h>

#include <string>

#include "crdt/apply.h"
#include "regions/snapshot/snapshot_spool.h"
#include "storage/memory_storage.h"

namespace anabranch::snapshot_spool_test {

using regions::SnapshotHeader;
using regions::SnapshotScan;
using regions::SnapshotWriter;

namespace {

SnapshotHeader header_of_two() {
  SnapshotHeader header;
  header.id = 77;
  header.rows = 3;
  for (core::Origin origin : {5U, 9U}) {
    regions::Head& head = header.heads[origin];
    head.seq = 10 * origin;
    head.chain.fill(static_cast<std::uint8_t>(origin));
    head.deps = {{5, 50}, {9, 90}};
    head.hlc = core::Hlc::of(1000, 0);
    head.region = "r" + std::to_string(origin);
  }
  header.checkpoints.at = {{5, 20}};
  header.checkpoints.hashes.emplace_back();
  return header;
}

std::string snapshot() {
  SnapshotWriter writer(header_of_two());
  for (core::Seq seq = 1; seq <= 3; ++seq) {
    crdt::Row row;
    row.cell.add({{9, seq}, core::Hlc::of(900, 0), "value", {}});
    row.tally.slots.push_back({.origin = 5, .birth = seq, .seq = seq + 1, .total = {}});
    writer.row(core::Path{"\1", "key" + std::to_string(seq), "s"}, row);
  }
  writer.end();
  return writer.take();
}

// Whether a scan comes to the end of these bytes.
bool passes(const std::string& bytes) {
  storage::MemoryStorage storage;
  const auto spool = storage.make_spool().value_or_raise();
  REQUIRE(spool->append(bytes).ok());
  SnapshotScan scan(*spool);
  for (;;) {
    const auto item = scan.next();
    if (!item.ok() || item.value() == SnapshotScan::Item::kNothing) return false;
    if (item.value() == SnapshotScan::Item::kEnd) return scan.bytes() == bytes.size();
  }
}

TEST_SUITE("regions: snapshot spools") {
  TEST_CASE("a snapshot is read as it was written") {
    const std::string bytes = snapshot();
    CHECK(passes(bytes));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CAPTURE(size);
      CHECK_FALSE(passes(bytes.substr(0, size)));
    }
  }

  TEST_CASE("no changed byte gets through, in the header neither") {
    const std::string good = snapshot();
    for (std::size_t at = 0; at < good.size(); ++at) {
      CAPTURE(at);
      for (const unsigned bit : {1U, 2U, 16U, 128U}) {
        std::string bytes = good;
        bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ bit);
        CHECK_FALSE(passes(bytes));
      }
    }
  }
}

}  // namespace

}  // namespace anabranch::snapshot_spool_test
