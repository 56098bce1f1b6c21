// Records of the log with a byte changed on a disk: no other leader ever applies them, their leader
// names them, and all become equal, by snapshots or after the steps that the alarm names.

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/checksum.h"
#include "regions/verify/directory_check.h"
#include "tests/crdt/random.h"
#include "tests/regions/linked_nodes.h"
#include "tests/regions/log_records.h"
#include "tests/regions/origins.h"
#include "tests/seed.h"

namespace anabranch::damaged_log_test {

using core::Path;
using regions::Group;
using test::kEu;
using test::kUs;
using test::LinkedNodes;
using test::Node;

namespace {

constexpr core::Millis kEqualMs = 60'000;
constexpr std::size_t kHeader = 24;  // Of a stored record, before its bytes.
constexpr core::Origin kDe = 3;

// Whether batches carry checksums, as this version writes them.
enum class Marks : std::uint8_t { kCarried, kLeftOut };

regions::ReplicaOptions options(const std::string& region, core::Origin origin, Marks marks) {
  static std::uint64_t nonce = std::uint64_t{1} << 58U;
  regions::ReplicaOptions options{.mesh = {1, 1},
                                  .region = region,
                                  .fresh_origin = origin,
                                  .nonce = ++nonce,
                                  .drift_ms_max = core::Millis{1} << 46};
  options.checksums = marks == Marks::kCarried;
  return options;
}

std::unique_ptr<Node> node(const std::string& region, core::Origin origin,
                           std::unique_ptr<storage::MemoryStorage> disk = nullptr,
                           Marks marks = Marks::kCarried) {
  return std::make_unique<Node>(options(region, origin, marks), std::move(disk), 0);
}

Path string_row(const std::string& key) { return {"\1", key, "s"}; }

// Three batches of eu, the second of two transactions.
void write_three(Node& eu) {
  eu.write(1'000, [](Group& group) {
    group.put(string_row("a"), "first");
    group.add(string_row("sum"), 7);
  });
  eu.write(1'100, [](Group& group) {
    group.put(string_row("a"), "second");
    group.put({"\1", "set", "e", "x"}, "");
  });
  eu.write(1'200, [](Group& group) {
    group.add(string_row("sum"), 30);
    group.remove(string_row("a"));
  });
}

bool names_damage(const std::vector<std::string>& alarms) {
  return std::ranges::any_of(alarms, [](const std::string& alarm) {
    return alarm.find("the log is damaged at position") != std::string::npos;
  });
}

// Calls function(position, offset, bits) for every byte of every record of a log.
void for_each_byte(
    Node& node, const std::function<void(storage::Position, std::size_t, std::uint8_t)>& function) {
  const std::uint64_t seed = test::seed();
  test::Random random(seed);
  for (const auto& record : test::log_records(node.storage())) {
    for (std::size_t offset = 0; offset < kHeader + record.bytes.size(); ++offset) {
      function(record.position, offset, static_cast<std::uint8_t>(1 + random.below(255)));
    }
  }
}

// Lets the nodes meet; they must become equal to the rows of `truth`.
void require_equal(LinkedNodes& nodes, Node& truth) {
  REQUIRE(nodes.run_until_equal(kEqualMs));
  nodes.run(2'000);
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    REQUIRE(nodes.at(at).vector() == truth.vector());
    REQUIRE(nodes.at(at).visible() == truth.visible());
    REQUIRE_FALSE(nodes.at(at).replica().exchange().forks().any());
  }
}

// The vector of each region, and those that it knows of the others: for failures.
std::string positions(LinkedNodes& nodes) {
  std::string text;
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    regions::Replica& replica = nodes.at(at).replica();
    text += "\n" + replica.identity().region + " as " + core::to_string(nodes.at(at).origin()) +
            " has " + core::to_string(nodes.at(at).vector());
    for (const auto& [origin, peer] : replica.exchange().peers()) {
      text += "\n    " + peer.region + (peer.connected() ? "" : ", not connected,") + " has " +
              core::to_string(peer.applied) + ", serves from " + core::to_string(peer.served_from);
    }
    for (const auto& each : replica.state().log().damage()) text += "\n    " + to_string(each, "");
    for (const auto& each : replica.background().snapshots().status(nodes.now())) {
      text += "\n    " + each.stage + " " + each.region;
    }
    for (const std::string& each : nodes.alarms(at)) text += "\n    alarm: " + each;
  }
  return text;
}

}  // namespace

TEST_SUITE("regions: damaged log") {
  TEST_CASE("a byte flipped anywhere in a leader's log is named and never applied elsewhere") {
    for (const Marks marks : {Marks::kCarried, Marks::kLeftOut}) {
      const auto truth = node("eu", kEu, nullptr, marks);
      write_three(*truth);
      for_each_byte(*truth, [&](storage::Position position, std::size_t offset, std::uint8_t bits) {
        CAPTURE(position);
        CAPTURE(offset);
        CAPTURE(int{bits});
        LinkedNodes nodes;
        nodes.add(node("eu", kEu, truth->storage().clone(), marks));
        nodes.add(node("us", kUs, nullptr, marks));
        nodes.at(0).storage().flip(position, offset, bits);
        nodes.connect(0, 1);
        require_equal(nodes, *truth);
        REQUIRE(names_damage(nodes.alarms(0)));
        REQUIRE_FALSE(names_damage(nodes.alarms(1)));
      });
    }
  }

  TEST_CASE("a byte flipped anywhere in a log of foreign batches is not passed on") {
    for (const Marks marks : {Marks::kCarried, Marks::kLeftOut}) {
      const auto eu = node("eu", kEu, nullptr, marks);
      write_three(*eu);
      const auto truth = node("us", kUs, nullptr, marks);
      for (const auto& record : test::log_records(eu->storage())) truth->deliver(*eu, record.bytes);
      for_each_byte(*truth, [&](storage::Position position, std::size_t offset, std::uint8_t bits) {
        CAPTURE(position);
        CAPTURE(offset);
        CAPTURE(int{bits});
        LinkedNodes nodes;
        nodes.add(node("us", kUs, truth->storage().clone(), marks));
        nodes.add(node("de", kDe, nullptr, marks));
        nodes.at(0).storage().flip(position, offset, bits);
        nodes.connect(0, 1);
        require_equal(nodes, *truth);
        REQUIRE(names_damage(nodes.alarms(0)));
      });
    }
  }

  TEST_CASE("a check of the directory finds a byte flipped anywhere in the log") {
    for (const Marks marks : {Marks::kCarried, Marks::kLeftOut}) {
      const auto eu = node("eu", kEu, nullptr, marks);
      write_three(*eu);
      for_each_byte(*eu, [&](storage::Position position, std::size_t offset, std::uint8_t bits) {
        CAPTURE(position);
        CAPTURE(offset);
        CAPTURE(int{bits});
        const auto disk = eu->storage().clone();
        disk->flip(position, offset, bits);
        REQUIRE(disk->open().ok());
        const auto report = regions::check_storage(*disk, [](std::string_view, std::uint64_t) {});
        REQUIRE(report.wrong > 0);
      });
    }
  }

  TEST_CASE("what was applied of a damaged log before it was found ends when it is adopted") {
    for (const Marks marks : {Marks::kCarried, Marks::kLeftOut}) {
      for (const bool more : {false, true}) {
        CAPTURE(more);
        const auto eu = node("eu", kEu, nullptr, marks);
        write_three(*eu);
        const auto records = test::log_records(eu->storage());
        const std::size_t changed = records[1].bytes.find("second");
        REQUIRE(changed != std::string::npos);
        // The batch that a version has applied if it checked nothing but the form.
        core::Batch other = core::decode_batch(records[1].bytes).value();
        std::get<core::Put>(other.transactions[0].ops[0]).value = "Second";
        std::string flipped = core::encode_batch(other);
        if (marks == Marks::kLeftOut) flipped = core::without_checksum(flipped);
        LinkedNodes nodes;
        nodes.add(node("eu", kEu, eu->storage().clone(), marks));
        nodes.add(node("us", kUs, nullptr, marks));
        nodes.at(0).storage().flip(2, kHeader + changed, 's' ^ 'S');
        nodes.at(1).deliver(*eu, records[0].bytes);
        nodes.at(1).deliver(*eu, flipped);
        constexpr std::size_t kInChecksum = kHeader + 44;
        if (marks == Marks::kCarried) nodes.at(1).storage().flip(2, kInChecksum, 1);
        REQUIRE(nodes.at(1).vector().at(kEu) == 4);
        if (more) nodes.write(1, [](Group& group) { group.put(string_row("own"), "of us"); });
        nodes.connect(0, 1);
        nodes.run(5'000);
        REQUIRE(nodes.at(1).replica().exchange().forks().all().contains(kEu));
        REQUIRE(names_damage(nodes.alarms(0)));
        const auto begun = nodes.at(1).replica().background().resolve_fork(kEu, true, nodes.now());
        CAPTURE((begun.ok() ? "" : begun.failure().message));
        REQUIRE(begun.ok());
        REQUIRE(nodes.run_until_equal(kEqualMs));
        nodes.run(5'000);
        REQUIRE(nodes.at(0).vector() == nodes.at(1).vector());
        REQUIRE(nodes.at(0).visible() == nodes.at(1).visible());
        REQUIRE_FALSE(nodes.at(0).replica().exchange().forks().any());
        REQUIRE_FALSE(nodes.at(1).replica().exchange().forks().any());
        REQUIRE_FALSE(nodes.at(1).replica().background().repair().failed().has_value());
        if (more) REQUIRE(nodes.at(0).visible().cells.contains(string_row("own")));
      }
    }
  }

  TEST_CASE("bytes flipped at random moments, at any leader, never keep all from being equal") {
    const std::uint64_t seed = test::seed();
    for (std::uint64_t run = 0; run < (test::long_run() ? 2'000U : 60U); ++run) {
      CAPTURE(seed + run);
      test::Random random(seed + run);
      const Marks marks = random.chance(0.5) ? Marks::kCarried : Marks::kLeftOut;
      LinkedNodes nodes;
      for (std::size_t i = 0; i < 4; ++i) {
        nodes.add(node("r" + std::to_string(i), i + 1, nullptr, marks));
        if (i > 0) nodes.connect(i, random.below(i));
      }
      for (int step = 0; step < 40; ++step) {
        const std::size_t at = random.below(nodes.size());
        const std::size_t other = random.below(nodes.size());
        const double what = random.unit();
        if (what < 0.5) {
          nodes.write(at, [&](Group& group) {
            group.put(string_row("k" + std::to_string(random.below(5))), std::to_string(step));
            group.add(string_row("sum"), random.between(-9, 9));
          });
        } else if (what < 0.7) {
          storage::MemoryStorage& disk = nodes.at(at).storage();
          const storage::Position last = disk.last_position();
          if (last > 0) {
            disk.flip(1 + random.below(last), random.below(300),
                      static_cast<std::uint8_t>(1 + random.below(255)));
          }
        } else if (what < 0.8 && at != other) {
          nodes.disconnect(at, other);
        } else if (what < 0.9 && at != other) {
          nodes.connect(at, other);
        } else {
          nodes.run(100 * random.between(1, 20));
        }
      }
      for (std::size_t i = 1; i < nodes.size(); ++i) nodes.connect(i, 0);
      const bool equal = nodes.run_until_equal(4 * kEqualMs);
      const std::string where = equal ? "" : positions(nodes);
      CAPTURE(where);
      REQUIRE(equal);
      for (std::size_t at = 1; at < nodes.size(); ++at) {
        REQUIRE(nodes.at(at).visible() == nodes.at(0).visible());
        REQUIRE_FALSE(nodes.at(at).replica().exchange().forks().any());
      }
    }
  }
}

}  // namespace anabranch::damaged_log_test
