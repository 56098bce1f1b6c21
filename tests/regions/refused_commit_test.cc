// Commits that are refused for a cause that passes: nothing of them is anywhere, they have no
// number, and the leader goes on when the cause has passed: with the next write, and by its ticks.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <variant>

#include <anabranch/error.h>

#include "tests/node.h"
#include "tests/regions/log_records.h"
#include "tests/write.h"

namespace anabranch::refused_commit_test {

using core::Path;
using regions::Group;
using regions::Replica;
using test::Node;

namespace {

Path row_of(const std::string& key) { return {"\1", key, "s"}; }

void refuse(Node& node, std::size_t times) { node.storage().set_faults({.refuse = times}); }

void put(Replica& replica, const std::string& key, const std::string& value) {
  test::write(replica, [&](Group& group) { group.put(row_of(key), value); });
}

// Another region that gets all batches of one must be the same.
void check_peer(Node& node) {
  Node reader("ap", 3);
  for (const auto& record : test::log_records(node.storage())) {
    reader.deliver(node, record.bytes);
  }
  CHECK(reader.vector() == node.vector());
  CHECK(reader.digest() == node.digest());
  CHECK(node.wrong_count() == "");
  CHECK(node.wrong_digest() == "");
}

// What is on the disk is what is shown.
void check_restart(Node& node) {
  Node again("eu", 1, node.storage().clone());
  CHECK(again.vector() == node.vector());
  CHECK(again.digest() == node.digest());
  CHECK(again.visible() == node.visible());
}

bool tells(const Replica& replica, const std::string& part) {
  auto& effects = const_cast<Replica&>(replica).effects();
  return std::ranges::any_of(effects, [&](const regions::Effect& effect) {
    const auto* const alarm = std::get_if<regions::Alarm>(&effect);
    const auto* const notice = std::get_if<regions::Notice>(&effect);
    return (alarm != nullptr && alarm->text.find(part) != std::string::npos) ||
           (notice != nullptr && notice->text.find(part) != std::string::npos);
  });
}

}  // namespace

TEST_SUITE("regions: refused commits") {
  TEST_CASE("a refused group is nowhere, and the next one has its numbers") {
    for (const bool in_two_steps : {false, true}) {
      Node eu("eu", 1);
      eu.write(1000, [](Group& group) { group.put(row_of("a"), "1"); });
      const auto before = eu.vector();
      const auto digest = eu.digest();
      Replica& replica = eu.replica();
      put(replica, "b", "refused");
      refuse(eu, 1);
      const auto done = in_two_steps ? core::Result<void>(replica.begin_commit().failure())
                                     : core::Result<void>(replica.commit().failure());
      CHECK(done.failure().passes);
      CHECK(done.failure().message.find("refused") != std::string::npos);
      CHECK_FALSE(replica.broken());
      CHECK_FALSE(replica.writer().dirty());
      CHECK(eu.vector() == before);
      CHECK(eu.digest() == digest);
      CHECK(eu.storage().last_position() == 1);
      put(replica, "c", "2");
      REQUIRE(replica.commit().ok());
      CHECK(eu.vector().at(1) == before.at(1) + 1);
      CHECK(replica.reader()->row(row_of("b")).empty());
      check_restart(eu);
      check_peer(eu);
    }
  }

  TEST_CASE("while the cause lasts writes are refused, and the first one after goes through") {
    Node eu("eu", 1);
    Replica& replica = eu.replica();
    put(replica, "a", "1");
    refuse(eu, 4);
    CHECK_FALSE(replica.commit().ok());
    for (int i = 0; i < 3; ++i) {
      try {
        put(replica, "a", "2");
        FAIL("takes a write");
      } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::kIo);
        CHECK(std::string(error.what()).find("nothing of it is stored") != std::string::npos);
      }
    }
    put(replica, "a", "3");
    REQUIRE(replica.commit().ok());
    check_restart(eu);
    check_peer(eu);
  }

  TEST_CASE("without a write the ticks try again, and tell of both ends") {
    Node eu("eu", 1);
    Replica& replica = eu.replica();
    put(replica, "a", "1");
    refuse(eu, 3);
    CHECK_FALSE(replica.commit().ok());
    replica.tick(5'000);
    CHECK(replica.state().refused());
    CHECK(tells(replica, "nothing can be written for now"));
    replica.effects().clear();
    replica.tick(10'000);
    replica.tick(15'000);
    CHECK_FALSE(replica.state().refused());
    CHECK(tells(replica, "can write again"));
    CHECK_FALSE(replica.broken());
  }

  TEST_CASE("batches of others stay in the queue, and are applied once when the cause has passed") {
    for (std::size_t times = 1; times <= 6; ++times) {
      CAPTURE(times);
      Node us("us", 2);
      Node eu("eu", 1);
      for (int i = 0; i < 5; ++i) {
        us.write(500 + i, [&](Group& group) {
          group.put(row_of("k" + std::to_string(i)), std::string(100, 'v'));
          group.add(row_of("sum"), core::Number(std::int64_t{1}));
        });
      }
      refuse(eu, times);
      for (const auto& record : test::log_records(us.storage())) eu.deliver(us, record.bytes);
      for (int i = 0; i < 10; ++i) eu.apply();
      CHECK_FALSE(eu.replica().broken());
      CHECK(eu.vector() == us.vector());
      CHECK(eu.digest() == us.digest());
      CHECK(eu.wrong_count() == "");
      check_restart(eu);
    }
  }

  TEST_CASE("every commit of a leader's own may be refused once, and nothing is lost or doubled") {
    Node us("us", 2);
    for (int i = 0; i < 8; ++i) {
      us.write(500 + i, [&](Group& group) { group.put(row_of("k" + std::to_string(i)), "us"); });
    }
    const auto batches = test::log_records(us.storage());
    Node plain("eu", 1);
    Node eu("eu", 1);
    core::Millis now = 1'000;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      for (Node* const each : {&plain, &eu}) {
        const bool refuses = each == &eu;
        if (refuses) refuse(eu, 1 + i % 2);
        each->deliver(us, batches[i].bytes);
        each->apply();
        each->apply();
        if (refuses) refuse(eu, 1);
        for (int tries = 0; tries < 4; ++tries) {
          try {
            put(each->replica(), "own" + std::to_string(i), "eu");
            if (each->replica().commit().ok()) break;
          } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::kIo);
          }
          REQUIRE(refuses);
        }
        if (refuses) refuse(eu, 1 + i % 3);
        each->replica().tick(now);
        (void)each->replica().background().collect();
        (void)each->replica().background().sweep();
        each->replica().tick(now + 1'000);
        each->replica().tick(now + 2'000);
        if (refuses) refuse(eu, 0);
      }
      now += 3'000;
    }
    CHECK_FALSE(eu.replica().broken());
    CHECK(eu.vector() == plain.vector());
    CHECK(eu.visible().cells.size() == plain.visible().cells.size());
    check_restart(eu);
    check_peer(eu);
  }
}

}  // namespace anabranch::refused_commit_test
