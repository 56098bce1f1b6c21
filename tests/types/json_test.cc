// JSON out of keys and into keys.

#include <anabranch/json.h>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::json_test {

using test::code_of;
using test::dialling;
using test::eventually;
using test::listening;
using test::store_options;
using test::TempDir;

namespace {

using Word = Register<std::string>;

// A store, closed before its folder goes.
struct World {
  TempDir folder;
  Store store = Store::open(store_options(folder, "eu"));

  [[nodiscard]] std::string shown(const std::string& key = "k") const {
    return to_json(store, key);
  }
  void put(const std::string& json) { put_json(store, "k", json); }
  void patch(const std::string& json) { patch_json(store, "k", json); }
  [[nodiscard]] std::uint64_t records() const { return store.status().log_records; }
  // What a put throws, in words; nothing must have changed.
  std::string refused(const std::string& json, ErrorCode code) {
    const std::string before = shown();
    std::string why;
    CHECK(code_of([&] { put(json); }, &why) == code);
    CHECK(shown() == before);
    return why;
  }
};

}  // namespace

TEST_SUITE("types: JSON") {
  TEST_CASE("every value comes back as it was put") {
    World world;
    const std::vector<std::string> values{
        R"("")",
        R"("Zürich \"quoted\" \\ \u0000 \n")",
        R"("007")",
        R"("1e400")",
        "0",
        "-42",
        "9223372036854775807",
        "-9223372036854775808",
        "2.5",
        "1e+22",
        "true",
        "false",
        "{\"a\":{\"b\":{\"c\":[1,\"x\",true]}},\"d\":null}",
        R"({"$base64":"_wA"})",
        R"(["a","a",1,2.5,false])",
    };
    for (const std::string& value : values) {
      CAPTURE(value);
      world.put("null");
      CHECK(world.shown() == "null");
      world.put(value);
      const auto plain = [](std::string text) {  // As both sides write it.
        const std::size_t absent = text.find(",\"d\":null");
        return absent == text.npos ? text : text.erase(absent, 9);
      };
      if (value.find("\\u0000") == value.npos) CHECK(world.shown() == plain(value));
      const std::uint64_t records = world.records();
      world.put(world.shown());
      CHECK(world.records() == records);  // Nothing differs.
    }
  }

  TEST_CASE("values that look like numbers are shown as such, and all others as strings") {
    World world;
    const std::vector<std::pair<std::string, std::string>> values{
        {"7", "7"},
        {"+7", "\"+7\""},
        {"-0", "\"-0\""},  // No handle writes it: a double 0 is "0".
        {"07", "\"07\""},
        {"7.0", "\"7.0\""},
        {"inf", "\"inf\""},
        {"nan", "\"nan\""},
        {"0.1", "0.1"},
        {"9223372036854775808", "9.223372036854776e+18"},  // Exactly this double.
        {"9223372036854775809", "\"9223372036854775809\""},
        {"true", "true"},
        {"True", "\"True\""},
        {"null", "\"null\""},
        {"\xff", R"({"$base64":"_w"})"}};
    for (const auto& each : values) {
      CAPTURE(each.first);
      Word{world.store, "k"}.put(each.first);
      CHECK(world.shown() == each.second);
    }
    CHECK(Register<bool>{world.store, "flag"}.get() == std::nullopt);
    put_json(world.store, "flag", "true");
    CHECK(Register<bool>{world.store, "flag"}.get() == true);
  }

  TEST_CASE("all types are shown") {
    World world;
    Map map{world.store, "k"};
    map.at<Counter>("counter").add(41);
    map.at<Set<std::string>>("set").insert("b");
    map.at<Set<std::string>>("set").insert("a");
    map.at<RemoveWinsSet<std::string>>("removed").insert("in");
    map.at<RemoveWinsSet<std::string>>("removed").insert("out");
    map.at<RemoveWinsSet<std::string>>("removed").erase("out");
    map.at<SortedSet<std::string>>("scores").put("x", 2);
    map.at<SortedSet<std::string>>("scores").put("y", 1.5);
    map.at<EnableWinsFlag>("on").enable();
    map.at<DisableWinsFlag>("off").disable();
    List<std::string> list = map.at<List<std::string>>("list");
    for (const std::string element : {"1", "two", "3"}) list.push_back(element);
    list.move(0, 2);
    map.at<Text>("text").insert(0, "text");
    CHECK(world.shown() ==
          R"({"counter":41,"list":["two",3,1],"off":false,"on":true,"removed":["in"],)"
          R"("scores":[["y",1.5],["x",2.0]],"set":["a","b"],"text":"text"})");
  }

  TEST_CASE("JSON is put into what is there") {
    World world;
    Map map{world.store, "k"};
    map.at<Set<std::string>>("set").insert("a");
    map.at<RemoveWinsSet<std::string>>("removed").insert("in");
    map.at<SortedSet<std::string>>("scores").put("x", 2);
    map.at<EnableWinsFlag>("on").enable();
    map.at<Text>("text").insert(0, "one two");
    map.at<Counter>("counter").add(5);
    const std::string wanted =
        R"({"counter":7,"list":[1],"on":false,"removed":["a","b"],"scores":[["x",1.0],["y",1.0]],)"
        R"("set":["b","c"],"text":"one 2"})";
    world.put(wanted);
    CHECK(world.shown() == wanted);
    CHECK(map.at<Text>("text").str() == "one 2");
    CHECK(map.at<Set<std::string>>("set").size() == 2);
    CHECK_FALSE(map.at<EnableWinsFlag>("on").get());
    map.at<Counter>("counter").add(1);
    CHECK(map.at<Counter>("counter").get() == 8);
  }

  TEST_CASE("a list changes in its middle only") {
    World world;
    world.put("[1,2,3,4,5]");
    List<std::string> list{world.store, "k"};
    for (const std::string wanted :
         {"[1,2,9,4,5]", "[2,9,4,5]", "[2,9,4,5,5]", "[]", "[7]", "[7,7]", "[7]", "[8,7,9]"}) {
      world.put(wanted);
      CHECK(world.shown() == (wanted == "[]" ? "null" : wanted));
    }
  }

  TEST_CASE("a patch leaves the fields that it lacks, and removes those that are null") {
    World world;
    world.put(R"({"a":1,"b":{"c":2,"d":3},"e":[1,2]})");
    world.patch(R"({"a":null,"b":{"c":9},"f":"new","gone":null})");
    CHECK(world.shown() == R"({"b":{"c":9,"d":3},"e":[1,2],"f":"new"})");
    world.patch(R"({"e":[2]})");
    CHECK(world.shown() == R"({"b":{"c":9,"d":3},"e":[2],"f":"new"})");
    world.put(R"({"b":{"c":9}})");
    CHECK(world.shown() == R"({"b":{"c":9}})");
    world.patch("null");
    CHECK(world.shown() == "null");
  }

  TEST_CASE("what does not fit is refused as a whole, with the place and the reason") {
    World world;
    Map map{world.store, "k"};
    map.at<Text>("text").insert(0, "text");
    map.at<EnableWinsFlag>("flag").enable();
    map.at<SortedSet<std::string>>("scores").put("x", 2);
    const auto has = [](const std::string& why, const std::string& part) {
      CHECK_MESSAGE(why.find(part) != why.npos, why);
    };
    has(world.refused("{", ErrorCode::kInvalid), "this is no JSON");
    has(world.refused("", ErrorCode::kInvalid), "this is no JSON");
    has(world.refused("\"\xff\"", ErrorCode::kInvalid), "this is no JSON");
    has(world.refused("\"\\ud800\"", ErrorCode::kInvalid), "this is no JSON");
    has(world.refused("{\"new\":1,\"text\":5}", ErrorCode::kWrongType),
        "k/text takes a string, and the JSON has a number");
    has(world.refused("{\"flag\":1}", ErrorCode::kWrongType), "k/flag takes true or false");
    has(world.refused("{\"scores\":[\"x\"]}", ErrorCode::kWrongType), "a pair [member, score]");
    has(world.refused("{\"list\":[1,[2]]}", ErrorCode::kInvalid), "holds an array");
    has(world.refused("{\"list\":[null]}", ErrorCode::kInvalid), "holds null");
    has(world.refused("{\"n\":9223372036854775808}", ErrorCode::kInvalid), "beyond 64 bits");
    has(world.refused("{\"b\":{\"$base64\":\"+\"}}", ErrorCode::kInvalid), "no base64");
    (void)world.refused("5", ErrorCode::kWrongType);
    (void)world.refused("[]", ErrorCode::kWrongType);
    std::string deep = "1";
    for (int i = 0; i < 100; ++i) deep.insert(0, "{\"a\":").append("}");
    CHECK(code_of([&] { put_json(world.store, "deep", deep); }) == ErrorCode::kInvalid);
    map.at<Word>("\xff").put("x");
    CHECK(code_of([&] { (void)world.shown(); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("in a transaction JSON is read and put with all else") {
    World world;
    world.store.transact([](Transaction& txn) {
      put_json(txn, "k", R"({"a":1})");
      CHECK(to_json(txn, "k") == R"({"a":1})");
      patch_json(txn, "k", R"({"b":2})");
    });
    CHECK(world.shown() == R"({"a":1,"b":2})");
    CHECK(code_of([&] {
            world.store.transact([](Transaction& txn) {
              put_json(txn, "k", R"({"a":5})");
              put_json(txn, "k", "{");
            });
          }) == ErrorCode::kInvalid);
    CHECK(world.shown() == R"({"a":1,"b":2})");
  }

  TEST_CASE("two regions that put the whole with one field changed each keep both changes") {
    TempDir folder;
    Store eu = Store::open(listening(folder, "eu"));
    Store us = Store::open(dialling(folder, "us", eu));
    put_json(eu, "k", R"({"a":1,"b":2,"tags":["x","y"]})");
    REQUIRE(eventually([&] { return to_json(us, "k") == to_json(eu, "k"); }));
    REQUIRE((eu.pause("us") && us.pause("eu")));
    put_json(eu, "k", R"({"a":5,"b":2,"tags":["x","y"]})");
    put_json(us, "k", R"({"a":1,"b":7,"tags":["x","y","z"]})");
    REQUIRE((eu.resume("us") && us.resume("eu")));
    const std::string both = R"({"a":5,"b":7,"tags":["x","y","z"]})";
    CHECK(eventually([&] { return to_json(eu, "k") == both && to_json(us, "k") == both; }));
  }
}

}  // namespace anabranch::json_test
