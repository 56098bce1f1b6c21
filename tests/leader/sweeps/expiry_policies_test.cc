// Keys that expire below a policy: the value that it shows decides, once it can be decided.

#include <doctest/doctest.h>

#include <string>

#include "rows/policy/policy_rows.h"
#include "tests/leader/sweeps/expiry_world.h"

namespace anabranch::expiry_policies_test {

using core::Millis;
using World = test::ExpiryWorld;

TEST_SUITE("leader: expiry under policies") {
  TEST_CASE("a key that a policy of a newer version rules waits, and a put replaces it unread") {
    World world(2);
    for (std::size_t at : {0, 1}) {
      world.use(at, [&](Scope& scope) {
        for (const char* key : {"a", "b"}) {
          Register<std::string>(scope, key).put("of " + std::to_string(at));
        }
        Register<std::string>(scope, "alone" + std::to_string(at)).put("v");
      });
    }
    world.nodes.connect(0, 1);
    world.nodes.run(1'000);
    const Millis deadline = world.nodes.now() + 2'000;
    for (const char* key : {"a", "b", "alone0"}) world.expire(0, key, deadline);
    world.nodes.write(0, [](regions::Group& group) {
      group.put(rows::policy_path({.space = "\1", .prefix = ""}), "\x93\xa5wasm9\xc2\xc0");
    });
    world.run(20'000);
    CHECK(world.cleared(0) + world.cleared(1) == 1);  // The one without siblings.
    CHECK(world.sweeps[0]->waiting() == 2);
    world.use(0, [](Scope& scope) {
      const auto read = [&] { (void)Register<std::string>(scope, "a").get(); };
      CHECK_THROWS_AS(read(), Error);
      CHECK_FALSE(Register<std::string>(scope, "alone0").get());
      CHECK(Register<std::string>(scope, "alone1").get() == "v");
      CHECK(scope.type("a") == Type::kString);
      CHECK(scope.count(Key::all(0)) == 3);
      Register<std::string>(scope, "a").put("new");
      CHECK(Register<std::string>(scope, "a").get() == "new");
      CHECK_FALSE(scope.deadline("a"));
    });
    world.nodes.write(0, [](regions::Group& group) {
      group.put(rows::policy_path({.space = "\1", .prefix = ""}),
                rows::encode_policy({.kind = rows::PolicyKind::kLww}));
    });
    world.run(20'000);
    // Both learn of the policy when the key has long expired, and either or both clear it.
    CHECK(world.cleared(0) + world.cleared(1) >= 2);
    CHECK(world.sweeps[0]->waiting() == 0);
    CHECK(world.stored(0) == 0);
    CHECK(world.stored(1) == 0);
    world.use(1, [](Scope& scope) {
      CHECK(Register<std::string>(scope, "a").get() == "new");
      CHECK_FALSE(Register<std::string>(scope, "b").get());
    });
  }
}

}  // namespace anabranch::expiry_policies_test
