// Members of a region choose its leader: with real leaders, links and disks.
#include "leader/members/promotion.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <anabranch/anabranch.h>

#include "leader/leader.h"
#include "tests/leader/members/slow_disk.h"
#include "tests/leader/store_world.h"

namespace anabranch::promotion_test {

using leader::HandoverStatus;
using leader::Leader;
using test::code_of;
using Word = Register<std::string>;
using State = HandoverStatus::State;

namespace {

constexpr std::int64_t kPromoteAfter = 1'000;

// A region, us, and two members of eu; both are listed, and eu-1 leads under reign 2.
class World {
 public:
  World() {
    open("us", {.region = "us", .promote_after_ms = 0});
    open("eu-1", {.promote_after_ms = 0});
    open("eu-2", {.follows = true, .promote_after_ms = 0});
    hand_over("eu-1", "eu-2");
    hand_over("eu-2", "eu-1");
    restart("eu-2");
    restart("eu-1");
    REQUIRE(until([&] { return leads("eu-1") && is_able("eu-2"); }));
  }

  struct As {
    std::string region = "eu";
    bool follows = false;
    std::int64_t promote_after_ms = kPromoteAfter;
  };

  void open(const std::string& name, const As& as) {
    Options options = test::listening(folder_, name);
    options.region = as.region;
    options.node_name = name;
    options.follower = as.follows;
    options.promote_after_ms = as.promote_after_ms;
    for (const auto& [other, leader] : members_) {
      if (leader && other != name) options.peers.push_back(leader->status().endpoint);
    }
    members_[name] = Leader::open(options).value_or_raise();
  }
  // It is gone, as after kill -9: nobody is told.
  void stop(const std::string& name) { members_.at(name).reset(); }
  void restart(const std::string& name) {
    stop(name);
    open(name, {});
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_.path() / name).string() + "/";
  }
  // For a time of promotion, so many times.
  [[nodiscard]] bool run(int times) {
    const auto end = members_.at("us")->now_ms() + times * kPromoteAfter;
    return until([&] { return members_.at("us")->now_ms() >= end; });
  }
  Leader& operator[](const std::string& name) { return *members_.at(name); }
  // The loop of this one does not turn until it goes on.
  void stand_still(const std::string& name) { still_ = name; }
  void go_on() { still_.clear(); }

  [[nodiscard]] bool until(const std::function<bool()>& condition) {
    return test::eventually([&] {
      for (const auto& [name, leader] : members_) {
        if (leader && name != still_) leader->turn();
      }
      return condition();
    });
  }
  [[nodiscard]] bool leads(const std::string& name) { return !(*this)[name].follows(); }
  [[nodiscard]] bool is_equal() {
    for (const auto& [name, leader] : members_) {
      if (leader && leader->digest() != members_.at("us")->digest()) return false;
    }
    return true;
  }
  // Its leader knows that it could take over now.
  [[nodiscard]] bool is_able(const std::string& name) {
    for (const auto& [other, leader] : members_) {
      if (!leader || other == name || other == "us") continue;
      for (const MemberStatus& each : leader->status().members) {
        if (each.name == name && each.fresh && each.able) return true;
      }
    }
    return false;
  }
  void hand_over(const std::string& from, const std::string& to) {
    REQUIRE(until([&] { return (*this)[from].begin_handover(to).ok(); }));
    REQUIRE(until([&] { return !(*this)[from].handover().under_way() && leads(to); }));
  }
  void put(const std::string& at, const std::string& key, const std::string& value) {
    Word{(*this)[at].scope(), key}.put(value);
    (*this)[at].commit().value_or_raise();
  }
  [[nodiscard]] std::string get(const std::string& at, const std::string& key) {
    return Word{(*this)[at].scope(), key}.get().value_or("");
  }

 private:
  test::TempDir folder_;
  std::map<std::string, std::unique_ptr<Leader>> members_;
  std::string still_;
};

}  // namespace

TEST_SUITE("leader: promotion") {
  TEST_CASE("a follower leads when its leader is gone, and that one follows when it is back") {
    World world;
    world.put("eu-1", "key", "1");
    REQUIRE(world.until([&] { return world.is_equal(); }));
    const std::size_t origins = world["us"].status().applied.size();
    for (int i = 0; i < 4; ++i) {
      const std::string gone = i % 2 == 0 ? "eu-1" : "eu-2";
      const std::string other = i % 2 == 0 ? "eu-2" : "eu-1";
      CAPTURE(i);
      world.stop(gone);
      REQUIRE(world.until([&] { return world.leads(other); }));
      world.put(other, "key", std::to_string(i));
      world.open(gone, {});
      CHECK(world[gone].handover().state == State::kListens);
      CHECK(code_of([&] { world.put(gone, "key", "no"); }) == ErrorCode::kReadOnly);
      REQUIRE(world.until([&] { return world[gone].handover().state == State::kNone; }));
      CHECK_FALSE(world.leads(gone));
      REQUIRE(world.until([&] { return world.is_equal() && world.is_able(gone); }));
      CHECK(world.get(gone, "key") == std::to_string(i));
      CHECK(world.leads(other));
    }
    CHECK(world["us"].status().applied.size() == origins);
  }

  TEST_CASE("a leader that stood still gives way to the one that leads meanwhile") {
    World world;
    world.put("eu-1", "before", "1");
    world.stand_still("eu-1");
    REQUIRE(world.until([&] { return world.leads("eu-2"); }));
    world.put("eu-1", "meanwhile", "at eu-1");  // Taken, as nobody has told it.
    world.put("eu-2", "meanwhile", "at eu-2");
    world.go_on();
    REQUIRE(world.until([&] { return !world.leads("eu-1"); }));
    CHECK(world.leads("eu-2"));
    CHECK(world["eu-1"].handover().state == State::kDone);
    REQUIRE(world.until([&] { return world.is_equal(); }));
    CHECK(world.get("eu-2", "before") == "1");
    CHECK(world.get("eu-2", "meanwhile") == world.get("us", "meanwhile"));
    CHECK(code_of([&] { world.put("eu-1", "key", "no"); }) == ErrorCode::kReadOnly);
  }

  TEST_CASE("a disk that stands still in one commit changes no leader") {
    World world;
    auto disk = std::make_unique<test::SlowDisk>(world.path("eu-1"));
    world.stand_still("eu-1");  // Its owner waits in there, and cards are shown meanwhile.
    std::thread owner([&] { world.put("eu-1", "key", "1"); });
    CHECK(world.until([&] { return disk->is_waited_for(); }));
    CHECK(world.run(3));
    CHECK_FALSE(world.leads("eu-2"));
    disk.reset();
    owner.join();
    world.go_on();
    REQUIRE(world.run(2));
    CHECK(world.leads("eu-1"));
    CHECK_FALSE(world.leads("eu-2"));
  }

  TEST_CASE("a leader whose disk fails decides nothing more, and follows where it is opened anew") {
    World world;
    world.put("eu-1", "key", "1");
    CHECK(world["eu-1"].why_open_anew().empty());
    {
      const test::FailingDisk disk(world.path("eu-1"));
      CHECK(code_of([&] { world.put("eu-1", "key", "lost"); }) == ErrorCode::kIo);
    }
    CHECK(world["eu-1"].why_open_anew().find("Input/output error") != std::string::npos);
    REQUIRE(world.until([&] { return world.leads("eu-2"); }));
    world.put("eu-2", "other", "2");
    REQUIRE(world.run(2));
    CHECK(world.leads("eu-1"));  // It can give nothing away: that would be stored nowhere.
    CHECK_FALSE(world["eu-1"].handover().under_way());
    CHECK(world["eu-1"].handover().state == State::kNone);
    CHECK(code_of([&] { world.put("eu-1", "key", "no"); }) == ErrorCode::kClosed);
    const std::size_t origins = world["us"].status().applied.size();
    world.restart("eu-1");
    REQUIRE(world.until([&] { return !world["eu-1"].handover().under_way(); }));
    CHECK_FALSE(world.leads("eu-1"));
    CHECK(world.leads("eu-2"));
    REQUIRE(world.until([&] { return world.is_equal(); }));
    CHECK(world.get("us", "other") == "2");
    CHECK(world["us"].status().applied.size() == origins);
  }

  TEST_CASE("one that is closed stays so without a choice, and where its directory is gone") {
    World world;
    {
      const test::FailingDisk disk(world.path("us"));
      CHECK(code_of([&] { world.put("us", "key", "lost"); }) == ErrorCode::kIo);
    }
    CHECK_FALSE(world["us"].status().writable);
    CHECK(world["us"].why_open_anew().empty());
    std::filesystem::remove_all(world.path("eu-1"));
    REQUIRE(world.until([&] { return !world["eu-1"].status().writable; }));
    CHECK(world["eu-1"].why_open_anew().empty());
  }

  TEST_CASE("a start goes on as the directory says when nobody else is there") {
    World world;
    world.stop("eu-2");
    world.restart("eu-1");
    CHECK_FALSE(world.leads("eu-1"));
    REQUIRE(world.until([&] { return world.leads("eu-1"); }));
    world.put("eu-1", "key", "1");
    world.open("eu-2", {.follows = false});
    REQUIRE(world.until([&] { return world["eu-2"].handover().state == State::kNone; }));
    CHECK_FALSE(world.leads("eu-2"));
    CHECK(world.leads("eu-1"));
  }

  TEST_CASE("by hand it goes over at once, to a member that is able") {
    World world;
    world.put("eu-1", "key", "1");
    world.hand_over("eu-1", "eu-2");
    CHECK(world.get("eu-2", "key") == "1");
    world.put("eu-2", "key", "2");
    world["eu-1"].promote().value_or_raise();
    CHECK(world.leads("eu-1"));
    REQUIRE(world.until([&] { return !world.leads("eu-2"); }));  // The smaller reign gives way.
    REQUIRE(world.until([&] { return world.is_equal(); }));
    CHECK(world.get("eu-1", "key") == "2");
  }

  TEST_CASE("by hand it leads and takes writes, also while it listens or gives its lead away") {
    World world;
    world.restart("eu-1");
    CHECK(world["eu-1"].handover().state == State::kListens);
    world["eu-1"].promote().value_or_raise();
    CHECK_FALSE(world["eu-1"].handover().under_way());
    world.put("eu-1", "key", "1");
    REQUIRE(world.until([&] { return world["eu-1"].begin_handover("eu-2").ok(); }));
    CHECK(world["eu-1"].handover().under_way());
    CHECK(world["eu-1"].begin_handover("eu-2").failure().message.ends_with("already"));
    world["eu-1"].promote().value_or_raise();
    CHECK(world["eu-1"].handover().state == State::kFailed);
    world.put("eu-1", "key", "2");
    CHECK(world.get("eu-1", "key") == "2");
  }

  TEST_CASE("a member without promote_after does not lead by itself") {
    World world;
    world.stop("eu-2");
    world.open("eu-2", {.follows = true, .promote_after_ms = 0});
    REQUIRE(world.until([&] {
      for (const MemberStatus& each : world["eu-2"].status().members) {
        if (each.name == "eu-1" && each.fresh) return true;
      }
      return false;
    }));
    world.stop("eu-1");
    REQUIRE(world.run(4));
    CHECK_FALSE(world.leads("eu-2"));
  }

  TEST_CASE("a time below a second, and a leader alone, are refused") {
    test::TempDir folder;
    const auto why = [&](std::int64_t after, const std::string& listen) {
      Options options = test::store_options(folder, "eu");
      options.listen = listen;
      options.promote_after_ms = after;
      const auto opened = Leader::open(options);
      return opened.ok() ? std::string() : opened.failure().message;
    };
    CHECK(why(999, "tcp://127.0.0.1:0").find("out of its bounds") != std::string::npos);
    CHECK(why(600'001, "tcp://127.0.0.1:0").find("out of its bounds") != std::string::npos);
    CHECK(why(2'000, {}).find("is alone") != std::string::npos);
    CHECK(why(2'000, "tcp://127.0.0.1:0").empty());
  }

  TEST_CASE("a store waits at its opening until it is decided that it leads") {
    test::TempDir folder;
    Options options = test::listening(folder, "eu");
    options.promote_after_ms = kPromoteAfter;
    for (int i = 0; i < 2; ++i) {
      Store store = Store::open(options);
      Register<std::string>{store, "key"}.put(std::to_string(i));
      CHECK(Register<std::string>{store, "key"}.get() == std::to_string(i));
    }
  }
}

}  // namespace anabranch::promotion_test
