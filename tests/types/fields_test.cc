// Structs as values: the bytes of docs/formats.md, and programs of two versions at one key.

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/anabranch.h>

#include "tests/leader/store_world.h"

namespace anabranch::fields_test {

using test::code_of;
using test::store_options;
using test::TempDir;

namespace {

// As an old program knows it.
struct OldTodo {
  std::string text;
  int votes = 1;
  UnknownFields unknown;
};
// As a new one does.
struct Todo {
  std::string text;
  int votes = 1;
  std::optional<std::string> owner;
  std::vector<std::string> tags;
};
// Of an old program that keeps nothing.
struct Title {
  std::string text;
};

}  // namespace

}  // namespace anabranch::fields_test

namespace anabranch {

using fields_test::OldTodo;
using fields_test::Title;
using fields_test::Todo;

// The order here is that of neither numbers nor members.
template <>
struct Codec<OldTodo>
    : Fields<OldTodo, 0, &OldTodo::unknown, 2, &OldTodo::votes, 1, &OldTodo::text> {};
template <>
struct Codec<Todo>
    : Fields<Todo, 1, &Todo::text, 2, &Todo::votes, 3, &Todo::owner, 12, &Todo::tags> {};
template <>
struct Codec<Title> : Fields<Title, 1, &Title::text> {};

}  // namespace anabranch

namespace anabranch::fields_test {

namespace {

Todo todo() {
  Todo todo;
  todo.text = "milk";
  todo.owner = "ada";
  todo.tags = {"a", "b"};
  return todo;
}

}  // namespace

TEST_SUITE("types: fields") {
  TEST_CASE("a struct is its fields by number, as docs/formats.md has them") {
    const std::string bytes = "1=4:milk,2=1:1,3=3:ada,12=8:1:a,1:b,,";
    CHECK(Codec<Todo>::encode(todo()) == bytes);
    const std::optional<Todo> read = Codec<Todo>::decode(bytes);
    REQUIRE(read);
    CHECK(read->text == "milk");
    CHECK(read->votes == 1);
    CHECK(read->owner == "ada");
    CHECK(read->tags == todo().tags);
    CHECK(Codec<Todo>::encode({}) == "1=0:,2=1:1,12=0:,");
  }

  TEST_CASE("fields that the bytes lack have the values of a default") {
    const std::optional<Todo> read = Codec<Todo>::decode("1=3:tea,");
    REQUIRE(read);
    CHECK(read->text == "tea");
    CHECK(read->votes == 1);
    CHECK_FALSE(read->owner);
    CHECK(read->tags.empty());
    CHECK(Codec<Todo>::decode("")->votes == 1);
    CHECK(Codec<Todo>::decode("3=0:,")->owner == "");
  }

  TEST_CASE("an old program that changes a value loses nothing of a newer one") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Register<Todo>{store, "todo"}.put(todo());
    Register<OldTodo> old{store, "todo"};
    OldTodo seen = *old.get();
    CHECK(seen.unknown.all.size() == 2);
    seen.votes = 7;
    old.put(seen);
    const Todo now = *Register<Todo>{store, "todo"}.get();
    CHECK(now.votes == 7);
    CHECK(now.owner == "ada");
    CHECK(now.tags == todo().tags);
    // One that keeps nothing is refused, rather than to drop what it does not know.
    CHECK(code_of([&] { (void)Register<Title>(store, "todo").get(); }) == ErrorCode::kWrongType);
    Register<Title>{store, "title"}.put({.text = "t"});
    CHECK(Register<Todo>(store, "title").get()->text == "t");
    // Structs within lists.
    List<Todo> list{store, "list"};
    list.push_back(todo());
    CHECK(list.get(0)->owner == "ada");
    CHECK(Codec<std::vector<Title>>::encode({{.text = "t"}}) == "6:1=1:t,,");
  }

  TEST_CASE("bytes that are no fields are no value") {
    for (const char* bytes :
         {"x", "1", "1=", "1=3:te,", "0=1:a,", "01=1:a,", "2=1:1,1=1:a,", "1=1:a,1=1:b,", "1=1:a",
          "-1=1:a,", "4294967296=1:a,", "1:1:a,", "2=1:x,", "2=0:,", "1=1:a,,"}) {
      CAPTURE(bytes);
      CHECK_FALSE(Codec<Todo>::decode(bytes));
    }
    CHECK(Codec<OldTodo>::encode(*Codec<OldTodo>::decode("4294967295=1:a,")) ==
          "1=0:,2=1:1,4294967295=1:a,");
  }
}

}  // namespace anabranch::fields_test
