// Plugins through the embedded store: added in one region, deciding in all.

#include <doctest/doctest.h>

#include <string>

#include "tests/leader/store_world.h"
#include "tests/plugins/guests.h"

namespace anabranch::plugins_test {

using test::code_of;
using test::dialling;
using test::eventually;
using test::listening;
using test::store_options;
using test::TempDir;

namespace {

using Word = Register<std::string>;

std::string shows_text(char c) {
  return test::resolver("(i32.store8 (i32.const 0) (i32.const " + std::to_string(int{c}) +
                        ")) (i64.const 1)");
}

std::string loops() { return test::resolver("(loop $l (br $l)) (i64.const -1)"); }

// Writes a key in both stores without either knowing of the other write, and waits for both values
// in both stores.
void conflict(Store& one, Store& other, const std::string& key) {
  REQUIRE((one.pause(other.status().region) && other.pause(one.status().region)));
  Word{one, key}.put("of one");
  std::this_thread::sleep_for(std::chrono::milliseconds(2));  // The other value is the last one.
  Word{other, key}.put("of the other");
  REQUIRE((one.resume(other.status().region) && other.resume(one.status().region)));
  REQUIRE(eventually([&] {
    return Word{one, key}.siblings().size() == 2 && Word{other, key}.siblings().size() == 2;
  }));
}

std::string at(Store& store, const std::string& key) { return Word{store, key}.get().value_or(""); }

}  // namespace

TEST_SUITE("leader: plugins") {
  TEST_CASE("a module that one store adds decides in both, and a harmful one harms nobody") {
    const TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Store us = Store::open(dialling(folder, "us", eu));
    REQUIRE(eventually([&] { return test::knows(eu, "us") && test::knows(us, "eu"); }));
    conflict(eu, us, "doc/1");
    CHECK(at(eu, "doc/1") == "of the other");
    const std::string name = eu.add_plugin(shows_text('x'));
    eu.set_policy("doc/", Policy::wasm1(name));
    CHECK(at(eu, "doc/1") == "x");
    CHECK(eventually([&] { return at(us, "doc/1") == "x"; }));

    const std::string other = us.add_plugin(shows_text('y'));
    us.set_policy("doc/", Policy::wasm1(other));
    CHECK(at(us, "doc/1") == "y");
    CHECK(eventually([&] { return at(eu, "doc/1") == "y"; }));

    us.set_policy("doc/", Policy::wasm1(us.add_plugin(loops())));
    CHECK(at(us, "doc/1") == "of the other");
    CHECK(eventually([&] { return at(eu, "doc/1") == "of the other"; }));
    CHECK(us.status().resolver_failures == 1);
    CHECK(us.status().plugins.out_of_fuel == 1);
    CHECK(us.status().plugins.values >= 1);
    CHECK(us.status().plugins.modules == 3);
    CHECK(us.status().plugins.machines == 3);
    CHECK(us.status().plugins.traps == 0);
    CHECK(eu.plugins().size() == 3);
  }

  TEST_CASE("a module is added once, listed with its policies, and removed when none names it") {
    const TempDir folder;
    Store eu = Store::open(store_options(folder, "eu"));
    CHECK(eu.plugins().empty());
    const std::string module = shows_text('x');
    const std::string name = eu.add_plugin(module);
    CHECK(name.size() == 64);
    CHECK(eu.add_plugin(module) == name);
    REQUIRE(eu.plugins().size() == 1);
    CHECK(eu.plugins().front().bytes == module.size());
    CHECK(eu.plugins().front().refused == "");
    CHECK(eu.plugins().front().used_by.empty());

    eu.set_policy(3, "doc/", Policy::wasm1(name).with_base());
    REQUIRE(eu.plugins().front().used_by.size() == 1);
    CHECK(eu.plugins().front().used_by.front().database == 3);
    CHECK(eu.plugins().front().used_by.front().prefix == "doc/");
    REQUIRE(eu.policies().size() == 1);
    CHECK(to_string(eu.policies().front().policy) == "wasm1:" + name + "+base");
    CHECK(code_of([&] { eu.remove_plugin(name); }) == ErrorCode::kInvalid);

    eu.remove_policy(3, "doc/");
    eu.remove_plugin(name);
    CHECK(eu.plugins().empty());
    CHECK(code_of([&] { eu.remove_plugin(name); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { eu.remove_plugin("name"); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("what is no module, or not there, is refused") {
    const TempDir folder;
    Store eu = Store::open(store_options(folder, "eu"));
    CHECK(code_of([&] { eu.add_plugin("bytes"); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { eu.add_plugin(test::wasm("(module)")); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { eu.set_policy("", Policy::wasm1("name")); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { eu.set_policy("", Policy::wasm1("")); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { eu.set_policy("", Policy::wasm1(std::string(64, 'a'))); }) ==
          ErrorCode::kInvalid);
    CHECK(eu.policies().empty());
    CHECK(eu.plugins().empty());
  }

  TEST_CASE("plugins are there after a restart") {
    const TempDir folder;
    std::string name;
    {
      Store eu = Store::open(store_options(folder, "eu"));
      name = eu.add_plugin(shows_text('x'));
      eu.set_policy("doc/", Policy::wasm1(name));
    }
    Store eu = Store::open(store_options(folder, "eu"));
    REQUIRE(eu.plugins().size() == 1);
    CHECK(eu.plugins().front().name == name);
    CHECK(eu.policies().front().note == "");
  }
}

}  // namespace anabranch::plugins_test
