// Policies through the embedded store: set, removed, listed, proposed by options.

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::policies_test {

using test::code_of;
using test::dialling;
using test::eventually;
using test::listening;
using test::store_options;
using test::TempDir;

namespace {

using Word = Register<std::string>;

// Writes a key in both stores without either knowing of the other write, and waits for both values
// in both stores.
void conflict(Store& one, Store& other, const std::string& key, const std::string& value,
              const std::string& other_value) {
  REQUIRE((one.pause(other.status().region) && other.pause(one.status().region)));
  Word{one, key}.put(value);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));  // The other value is the last one.
  Word{other, key}.put(other_value);
  REQUIRE((one.resume(other.status().region) && other.resume(one.status().region)));
  REQUIRE(eventually([&] {
    return Word{one, key}.siblings().size() == 2 && Word{other, key}.siblings().size() == 2;
  }));
}

bool connected(const Store& one, const Store& other) {
  return eventually([&] {
    return test::knows(one, other.status().region) && test::knows(other, one.status().region);
  });
}

std::string text_of(const PolicyAt& at) {
  return std::to_string(at.database) + " " + at.prefix + " " + to_string(at.policy) +
         (at.region.empty() ? "" : " of " + at.region) + (at.in_force ? "" : " (" + at.note + ")");
}

std::vector<std::string> listed(const Store& store) {
  std::vector<std::string> lines;
  for (const PolicyAt& each : store.policies()) lines.push_back(text_of(each));
  return lines;
}

using Lines = std::vector<std::string>;

Resolver joined() {
  return {"joined", [](const Conflict& conflict) {
            std::string all;
            for (const Sibling& each : conflict.siblings) all += each.value;
            return std::optional<std::string>(all);
          }};
}

}  // namespace

TEST_SUITE("leader: policies") {
  TEST_CASE("a policy that one store sets decides in both, also older conflicts") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Store us = Store::open(dialling(folder, "us", eu));
    REQUIRE(connected(eu, us));
    conflict(eu, us, "bids/1", "9", "7");
    CHECK(Word{eu, "bids/1"}.get() == "7");
    us.set_policy("bids/", Policy::max());
    CHECK(Word{us, "bids/1"}.get() == "9");
    CHECK(eventually([&] { return Word{eu, "bids/1"}.get() == "9"; }));
    CHECK(listed(eu) == Lines{"0 bids/ max"});
    eu.remove_policy("bids/");
    CHECK(Word{eu, "bids/1"}.get() == "7");
    CHECK(eventually([&] { return Word{us, "bids/1"}.get() == "7"; }));
    CHECK(listed(eu) ==
          Lines{"0 bids/ removed (removed: a shorter prefix decides, and proposals are void)"});
  }

  TEST_CASE("a policy is one of its database") {
    const TempDir folder;
    Store eu = Store::open(store_options(folder, "eu"));
    eu.set_policy(3, "k", Policy::min().with_base());
    eu.set_policy("k", Policy::siblings());
    eu.set_policy(15, "", Policy::lww());
    CHECK(listed(eu) == Lines{"0 k siblings", "3 k min+base", "15  lww"});
    CHECK(eu.status().policies == 3);
  }

  TEST_CASE("what cannot be set is refused, and the text names the remedy") {
    const TempDir folder;
    Store eu = Store::open(store_options(folder, "eu"));
    std::string why;
    CHECK(code_of([&] { eu.set_policy(16, "", Policy::max()); }, &why) == ErrorCode::kInvalid);
    CHECK(why == "there are the databases 0 to 15");
    CHECK(code_of([&] { eu.remove_policy(16, ""); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { eu.set_policy("", Policy::native("nearest")); }, &why) ==
          ErrorCode::kInvalid);
    CHECK(why.find("Options::functions") != why.npos);
    CHECK(code_of([&] { eu.set_policy("", Policy::native("")); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { eu.set_policy("", {.kind = Policy::Kind::kRemoved}); }) ==
          ErrorCode::kInvalid);
    CHECK(code_of([&] { eu.set_policy("", {.kind = Policy::Kind::kUnknown}); }) ==
          ErrorCode::kInvalid);
    CHECK(code_of([&] { eu.set_policy(std::string(1025, 'p'), Policy::max()); }, &why) ==
          ErrorCode::kTooLarge);
    CHECK(why.find("at most 1024 bytes") != why.npos);
    CHECK(code_of([&] { eu.remove_policy("bids/"); }, &why) == ErrorCode::kInvalid);
    CHECK(why.find("there is no policy") == 0);
    CHECK(eu.policies().empty());
  }

  TEST_CASE("a native policy decides by the function of that name, or tells that it lacks it") {
    const TempDir folder;
    Options with = listening(folder, "eu");
    with.functions = {joined()};
    Store eu = Store::open(with);
    Store us = Store::open(dialling(folder, "us", eu));
    REQUIRE(connected(eu, us));
    conflict(eu, us, "k", "a", "b");
    eu.set_policy("k", Policy::native("joined"));
    CHECK(Word{eu, "k"}.get() == "ab");
    REQUIRE(eventually([&] { return us.policies().size() == 1; }));
    CHECK(Word{us, "k"}.get() == "b");
    CHECK(us.policies().front().note ==
          "this leader lacks the function: it shows the last written");
    const StoreStatus status = us.status();
    REQUIRE(status.policy_troubles.size() == 1);
    CHECK(status.policy_troubles.front().find("\"joined\", which this leader lacks") !=
          std::string::npos);
    CHECK(status.absent_functions > 0);
    CHECK(eventually([&] { return eu.status().peers.at(0).absent_functions == "joined"; }));
    CHECK(eu.status().policy_troubles.empty());
  }

  TEST_CASE("a function gets the common ancestor where the policy keeps bases, in both stores") {
    const TempDir folder;
    std::mutex mutex;
    std::vector<Conflict> asked;
    const Resolver merge("merge", [&](const Conflict& conflict) -> std::optional<std::string> {
      const std::lock_guard lock(mutex);
      asked.push_back(conflict);
      const Sibling& one = conflict.siblings.front();
      const Sibling& other = conflict.siblings.back();
      if (!one.base || one.base != other.base) return std::nullopt;
      return *one.base + ": " + one.value + ", " + other.value;
    });
    Options with = listening(folder, "eu");
    with.functions = {merge};
    Store eu = Store::open(with);
    Options others = dialling(folder, "us", eu);
    others.functions = {merge};
    Store us = Store::open(others);
    REQUIRE(connected(eu, us));
    eu.set_policy("doc/", Policy::native("merge").with_base());
    Word{eu, "doc/1"}.put("v0");
    REQUIRE(eventually([&] { return Word{us, "doc/1"}.get() == "v0"; }));
    conflict(eu, us, "doc/1", "v1", "u1");
    CHECK(Word{eu, "doc/1"}.get() == "v0: v1, u1");
    CHECK(Word{us, "doc/1"}.get() == "v0: v1, u1");
    {
      const std::lock_guard lock(mutex);
      REQUIRE_FALSE(asked.empty());
      const Conflict& last = asked.back();
      CHECK(last.key == "doc/1");
      CHECK(last.prefix == "doc/");
      CHECK(last.type == Type::kString);
      CHECK(last.siblings.at(0).region == "eu");
      CHECK(last.siblings.at(1).region == "us");
      CHECK(last.siblings.at(1).base == "v0");
    }
    Word{us, "doc/1"}.put("merged");  // Its base is what the policy showed.
    CHECK(Word{us, "doc/1"}.siblings().at(0).base == "v0: v1, u1");
    const auto has_base = [&] {
      const auto siblings = Word{eu, "doc/1"}.siblings();
      return siblings.size() == 1 && siblings[0].base == "v0: v1, u1";
    };
    CHECK(eventually(has_base));
    const StoreStatus status = eu.status();
    CHECK(status.answers_asked > 0);
    CHECK(status.answers_kept_bytes > 0);
  }

  TEST_CASE("a function is not asked again while its answer is kept") {
    const TempDir folder;
    std::atomic<int> asked = 0;
    Options with = listening(folder, "eu");
    with.functions = {Resolver("count", [&](const Conflict& conflict) {
      ++asked;
      return conflict.siblings.front().value;
    })};
    Store eu = Store::open(with);
    Store us = Store::open(dialling(folder, "us", eu));
    REQUIRE(connected(eu, us));
    eu.set_policy("k", Policy::native("count"));
    conflict(eu, us, "k", "a", "b");
    // An answer counts for one state of the policies and regions: those of the greeting come first.
    CHECK(eventually([&] {
      CHECK(Word{eu, "k"}.get() == "a");
      return eu.status().answers_found > 0;
    }));
    const int before = asked;
    for (int i = 0; i < 10; ++i) CHECK(Word{eu, "k"}.get() == "a");
    CHECK(asked == before);
    CHECK(eu.status().answers_found > 10);
  }

  TEST_CASE("a function may not use the store, in reads and in transactions alike") {
    const TempDir folder;
    Store* store = nullptr;
    Transaction* open = nullptr;
    std::mutex mutex;
    std::vector<std::string> errors;
    const auto note = [&](const std::function<void()>& use) {
      std::string why;
      CHECK(code_of(use, &why) == ErrorCode::kInvalid);
      const std::lock_guard lock(mutex);
      errors.push_back(why);
    };
    Options with = listening(folder, "eu");
    with.functions = {Resolver("curious", [&](const Conflict& conflict) {
      note([&] { (void)Word{*store, "other"}.get(); });
      note([&] { Word{*store, "other"}.put("written"); });
      note([&] { store->transact([](Transaction&) {}); });
      note([&] { (void)store->status(); });
      if (open != nullptr) note([&] { (void)Word{*open, "other"}.get(); });
      return conflict.siblings.front().value;
    })};
    Store eu = Store::open(with);
    store = &eu;
    Store us = Store::open(dialling(folder, "us", eu));
    REQUIRE(connected(eu, us));
    conflict(eu, us, "k", "a", "b");
    conflict(eu, us, "l", "a", "b");
    eu.set_policy("", Policy::native("curious"));
    CHECK(Word{eu, "k"}.get() == "a");
    CHECK(errors.size() >= 4);
    eu.transact([&](Transaction& txn) {
      open = &txn;
      CHECK(Word{txn, "l"}.get() == "a");
    });
    CHECK(errors.size() >= 9);
    for (const std::string& each : errors) CHECK(each == errors.front());
    CHECK(errors.front().find("may not use a store") != std::string::npos);
    CHECK_FALSE(Word{eu, "other"}.get().has_value());
  }

  TEST_CASE("a function without memory fails reads and writes that need it, and nothing else") {
    const TempDir folder;
    std::atomic<bool> has_memory = false;
    Options with = listening(folder, "eu");
    with.functions = {Resolver("big", [&](const Conflict& conflict) {
      if (!has_memory) throw std::bad_alloc();
      return conflict.siblings.front().value;
    })};
    Store eu = Store::open(with);
    Store us = Store::open(dialling(folder, "us", eu));
    REQUIRE(connected(eu, us));
    conflict(eu, us, "k", "a", "b");
    eu.set_policy("k", Policy::native("big").with_base());
    CHECK(code_of([&] { (void)Word{eu, "k"}.get(); }) == ErrorCode::kNoMemory);
    CHECK(code_of([&] { Word{eu, "k"}.put("c"); }) == ErrorCode::kNoMemory);
    CHECK(Word{eu, "k"}.siblings().size() == 2);
    has_memory = true;
    CHECK(Word{eu, "k"}.get() == "a");
    Word{eu, "k"}.put("c");
    CHECK(Word{eu, "k"}.siblings().at(0).base == "a");
    CHECK(eu.status().resolver_failures == 0);
    CHECK(eu.status().writable);
  }

  TEST_CASE("status lists a function that throws, with the key and the text") {
    const TempDir folder;
    Options with = listening(folder, "eu");
    with.functions = {Resolver("bad", [](const Conflict&) -> std::optional<std::string> {
      throw std::runtime_error("no such word");
    })};
    Store eu = Store::open(with);
    Store us = Store::open(dialling(folder, "us", eu));
    REQUIRE(connected(eu, us));
    conflict(eu, us, "k", "a", "b");
    eu.set_policy("k", Policy::native("bad"));
    CHECK(Word{eu, "k"}.get() == "b");
    const StoreStatus status = eu.status();
    CHECK(status.resolver_failures > 0);
    CHECK(status.resolver_alarms ==
          Lines{"the function \"bad\" threw at database 0 \"k\" \"s\": \"no such word\"; the last "
                "written is shown"});
  }

  TEST_CASE("proposals of options count in all regions until a policy is set") {
    const TempDir folder;
    Options proposing = listening(folder, "eu");
    proposing.policies = {{"bids/", Policy::max()}, {"", Policy::min(), 2}};
    Store eu = Store::open(proposing);
    Options others = dialling(folder, "us", eu);
    others.policies = {{"bids/", Policy::min()}};
    Store us = Store::open(others);
    REQUIRE(eventually([&] { return us.policies().size() == 3; }));
    CHECK(listed(us) == Lines{"0 bids/ max of eu",
                              "0 bids/ min of us (void: region eu proposes, too, and its name is "
                              "less)",
                              "2  min of eu"});
    us.set_policy("bids/", Policy::lww());
    CHECK(us.policies().at(0).in_force);
    CHECK(us.policies().at(1).note == "void: a policy was set here");
  }

  TEST_CASE("a store withdraws at its opening what it proposes no more") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.policies = {{"bids/", Policy::max()}, {"doc/", Policy::siblings()}};
    { const Store eu = Store::open(options); }
    options.policies = {{"bids/", Policy::min()}};
    {
      const Store eu = Store::open(options);
      CHECK(listed(eu) == Lines{"0 bids/ min of eu"});
    }
    options.policies = {};
    CHECK(Store::open(options).policies().empty());
  }

  TEST_CASE("options whose policies cannot be are refused, each with its place") {
    const TempDir folder;
    const auto refusal = [&](const std::function<void(Options&)>& change) {
      Options options = store_options(folder, "eu");
      change(options);
      std::string why;
      CHECK(code_of([&] { (void)Store::open(options); }, &why) == ErrorCode::kInvalid);
      return why;
    };
    CHECK(refusal([](Options& options) {
            options.policies = {{"a", Policy::max()}, {"a", Policy::min()}};
          }) == "policies: the prefix \"a\" of database 0 is there twice");
    CHECK(refusal([](Options& options) {
            options.policies = {{"a", Policy::max(), 16}};
          }) == "policies: max for \"a\": there are the databases 0 to 15");
    CHECK(refusal([](Options& options) {
            options.policies = {{"a", Policy::native("nearest")}};
          }).find("policies: native:nearest for \"a\": this leader has no such function") == 0);
    CHECK(refusal([](Options& options) {
            options.policies = {{std::string(1025, 'p'), Policy::max()}};
          }).find("at most 1024 bytes") != std::string::npos);
    CHECK(refusal([](Options& options) {
            options.functions = {Resolver([](const Conflict&) { return std::string(); })};
          }).find("functions: \"unnamed\" is no name") == 0);
    CHECK(refusal([](Options& options) {
            options.functions = {joined(), joined()};
          }) == "functions: the name \"joined\" is there twice");
    CHECK(refusal([](Options& options) {
            for (int i = 0; i < 1001; ++i) {
              options.policies.push_back({std::to_string(i), Policy::max()});
            }
          }) == "policies: there are more than 1000");
  }

  TEST_CASE("a transaction in which a policy is to be set is undone, and lists the policies") {
    const TempDir folder;
    Store eu = Store::open(store_options(folder, "eu"));
    eu.set_policy("bids/", Policy::max());
    std::string why;
    const auto set = [&] {
      eu.transact([&](Transaction& txn) {
        Word{txn, "k"}.put("1");
        CHECK(listed(eu) == Lines{"0 bids/ max"});
        eu.set_policy("k", Policy::min());
      });
    };
    CHECK(code_of(set, &why) == ErrorCode::kInvalid);
    CHECK(why.find("from within its own transaction") != why.npos);
    CHECK_FALSE(Word{eu, "k"}.get());
    eu.transact([&](Transaction& txn) {
      Word{txn, "k"}.put("2");
      std::string of_retire;
      CHECK(code_of([&] { eu.remove_policy("bids/"); }, &why) == ErrorCode::kInvalid);
      CHECK(code_of([&] { eu.retire("us"); }, &of_retire) == ErrorCode::kInvalid);
      CHECK(why == of_retire);
    });
    CHECK(Word{eu, "k"}.get() == "2");
    CHECK(listed(eu) == Lines{"0 bids/ max"});
  }

  TEST_CASE("a policy may be set within a read, which keeps its own, and by a watch") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Store us = Store::open(dialling(folder, "us", eu));
    REQUIRE(connected(eu, us));
    conflict(eu, us, "bids/1", "9", "7");
    eu.read([&](ReadTransaction& state) {
      eu.set_policy("bids/", Policy::max());
      CHECK(Word{state, "bids/1"}.get() == "7");
      CHECK(listed(eu) == Lines{"0 bids/ max"});
    });
    CHECK(Word{eu, "bids/1"}.get() == "9");
    const Watch watch = eu.watch("go", [&](const Changes&) { eu.remove_policy("bids/"); });
    Word{eu, "go"}.put("1");
    CHECK(eventually([&] { return Word{eu, "bids/1"}.get() == "7"; }));
  }

  TEST_CASE("a follower lists policies and sets none") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    eu.set_policy("k", Policy::max());
    Options follower = dialling(folder, "eu", eu);
    follower.path += "-follower";
    follower.follower = true;
    Store copy = Store::open(follower);
    REQUIRE(eventually([&] { return copy.policies().size() == 1; }));
    CHECK(code_of([&] { copy.set_policy("k", Policy::min()); }) == ErrorCode::kReadOnly);
    CHECK(code_of([&] { copy.remove_policy("k"); }) == ErrorCode::kReadOnly);
  }

  TEST_CASE("stores with other resolvers are told of each other") {
    const TempDir folder;
    Options options = listening(folder, "eu");
    options.resolvers = {{"k", Resolver::max()}};
    Store eu = Store::open(options);
    Store us = Store::open(dialling(folder, "us", eu));
    REQUIRE(connected(eu, us));
    CHECK(eventually([&] {
      return eu.status().peers.at(0).resolvers_differ && us.status().peers.at(0).resolvers_differ;
    }));
  }
}

}  // namespace anabranch::policies_test
