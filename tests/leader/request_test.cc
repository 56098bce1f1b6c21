// Requests in one store: a request that is sent again does nothing; and what it may contain.

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <string>

#include "tests/leader/store_world.h"

namespace anabranch::request_test {

using test::code_of;
using test::store_options;
using test::TempDir;

namespace {

using Word = Register<std::string>;

void add_five(Scope& scope) { Counter{scope, "balance"}.add(5); }

// The error of a request for any region, in a new store.
std::string refusal(const std::function<void(Scope&)>& function) {
  const TempDir folder;
  Store store = Store::open(store_options(folder, "eu"));
  List<std::string>{store, "list"}.push_back("a");
  Text{store, "text"}.insert(0, "abc");
  Word{store, "word"}.put("x");
  std::string message;
  CHECK(code_of([&] { store.once("id", function); }, &message) == ErrorCode::kInvalid);
  CHECK(store.once("id", [](Scope&) {}));  // It was not executed.
  return message;
}

}  // namespace

TEST_SUITE("leader: requests") {
  TEST_CASE("a request that is sent again to one store does nothing") {
    const TempDir folder;
    {
      Store store = Store::open(store_options(folder, "eu"));
      CHECK(store.once("payment-17", add_five));
      CHECK_FALSE(store.once("payment-17", add_five));
      CHECK(store.once("payment-18", add_five));
      CHECK(Counter{store, "balance"}.get() == 10);
    }
    Store store = Store::open(store_options(folder, "eu"));
    CHECK_FALSE(store.once("payment-18", add_five));
    CHECK(Counter{store, "balance"}.get() == 10);
  }

  TEST_CASE("a request that throws was not executed") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const auto fail = [](Scope& scope) {
      add_five(scope);
      throw std::runtime_error("no");
    };
    CHECK_THROWS(store.once("id", fail));
    CHECK(Counter{store, "balance"}.get() == 0);
    CHECK(store.once("id", add_five));
  }

  TEST_CASE("what follows from more than the request is refused, by its name") {
    CHECK(refusal([](Scope& s) {
            List<std::string>{s, "list"}.push_back("b");
          }).find("list") != std::string::npos);
    CHECK(refusal([](Scope& s) {
            Text{s, "text"}.insert(0, "b");
          }).find("text") != std::string::npos);
    CHECK(refusal([](Scope& s) { s.clear("word"); }).find("a clear") != std::string::npos);
    CHECK(refusal([](Scope& s) { s.expire("word", s.now_ms() + 1'000); }).find("reading") !=
          std::string::npos);
    CHECK(refusal([](Scope& s) { s.expire("word", 1LL << 42); }).find("an expiry") !=
          std::string::npos);
    CHECK(refusal([](Scope& s) {
            RealCounter{s, "real"}.add(0.5);
          }).find("double") != std::string::npos);
    CHECK(refusal([](Scope& s) {
            s.add(Key("ranks").element("eve", Type::kSortedSet), 1);
          }).find("score") != std::string::npos);
    CHECK(refusal([](Scope& s) {
            Counter{s, "sum"}.add(Counter{s, "balance"}.get() + 1);
          }).find("reading") != std::string::npos);
    CHECK(refusal([](Scope& s) { s.once("other", add_five); }).find("another request") !=
          std::string::npos);
  }

  TEST_CASE("for one region everything is allowed") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const auto push = [](Scope& scope) {
      List<std::string>{scope, "list"}.push_back("a");
      Counter{scope, "sum"}.add(Counter{scope, "sum"}.get() + 1);
      scope.clear("word");
    };
    CHECK(store.once("id", push, OnceIn::kOneRegion));
    CHECK_FALSE(store.once("id", push, OnceIn::kOneRegion));
    CHECK_FALSE(store.once("id", push));  // Known, so that nothing is tried.
    CHECK(List<std::string>{store, "list"}.size() == 1);
  }

  TEST_CASE("an id has 1 to 128 bytes, and a bounded number of requests is remembered") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.once_max = 2;
    Store store = Store::open(options);
    CHECK(code_of([&] { store.once("", add_five); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { store.once(std::string(129, 'x'), add_five); }) == ErrorCode::kInvalid);
    CHECK(store.once(std::string(128, '\0'), add_five));
    CHECK(store.once("2", add_five));
    CHECK(code_of([&] { store.once("3", add_five); }) == ErrorCode::kTooLarge);
    CHECK_FALSE(store.once("2", add_five));
    CHECK(Counter{store, "balance"}.get() == 10);
  }
}

}  // namespace anabranch::request_test
