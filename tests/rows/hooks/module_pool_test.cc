// Modules that are loaded, and the machines that run them.

#include "rows/hooks/module_pool.h"

#include <doctest/doctest.h>

#include <string>

#include "rows/policy/module_rows.h"
#include "tests/plugins/guests.h"

namespace anabranch::module_pool_test {

using plugins::Verdict;
using rows::ModulePool;

namespace {

// Declines; no two of them are equal.
std::string module_of(int number) {
  return test::resolver("(drop (i32.const " + std::to_string(number) + ")) (i64.const -1)");
}

// Runs a module on nothing, and returns whether the rule admits it.
bool runs(ModulePool& pool, const std::string& module) {
  return pool.run(rows::module_name(module), module, "").ok();
}

}  // namespace

TEST_SUITE("rows: loaded modules") {
  TEST_CASE("a module that has run is loaded, with the machine that ran it") {
    ModulePool pool;
    CHECK(pool.figures().modules == 0);
    CHECK(pool.figures().machines == 0);
    for (int round = 0; round < 3; ++round) CHECK(runs(pool, module_of(1)));
    CHECK(pool.figures().modules == 1);
    CHECK(pool.figures().machines == 1);
    CHECK(runs(pool, module_of(2)));
    CHECK(pool.figures().modules == 2);
    CHECK(pool.figures().machines == 2);
    CHECK(pool.count(Verdict::kDeclined) == 4);
  }

  TEST_CASE("the pool says of modules that it has loaded whether the rule admits them") {
    ModulePool pool;
    const std::string name = rows::module_name(module_of(1));
    CHECK(!pool.admits(name));
    CHECK(runs(pool, module_of(1)));
    REQUIRE(pool.admits(name));
    CHECK(pool.admits(name)->ok());

    CHECK(!runs(pool, "no module"));
    const auto refused = pool.admits(rows::module_name("no module"));
    REQUIRE(refused);
    REQUIRE(!refused->ok());
    CHECK(refused->failure().message ==
          pool.run(rows::module_name("no module"), "no module", "").failure().message);
    CHECK(pool.figures().modules == 2);  // One that is refused is remembered, and has no machine.
    CHECK(pool.figures().machines == 1);
  }

  TEST_CASE("of more modules than the bound the one that was not used for longest is dropped") {
    ModulePool pool;
    const int max = static_cast<int>(ModulePool::kModulesMax);
    for (int i = 0; i < max; ++i) CHECK(runs(pool, module_of(i)));
    CHECK(runs(pool, module_of(0)));
    CHECK(runs(pool, module_of(max)));
    CHECK(pool.figures().modules == ModulePool::kModulesMax);
    CHECK(pool.figures().machines == ModulePool::kModulesMax);
    CHECK(pool.admits(rows::module_name(module_of(0))));
    CHECK(!pool.admits(rows::module_name(module_of(1))));
  }
}

}  // namespace anabranch::module_pool_test
