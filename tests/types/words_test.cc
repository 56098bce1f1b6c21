// The words of public enums and events, the places of changes, and codecs of several values.

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/anabranch.h>

#include "tests/leader/store_world.h"

namespace anabranch::words_test {

using test::code_of;
using test::store_options;
using test::TempDir;
using Words = std::vector<std::string>;

namespace {

// Returns the words of the first `count` values; all must differ, and the value behind is unknown.
template <typename Enum>
Words words_of(int count) {
  Words words;
  for (int i = 0; i < count; ++i) words.emplace_back(to_string(static_cast<Enum>(i)));
  CHECK(std::set<std::string>(words.begin(), words.end()).size() == words.size());
  CHECK(to_string(static_cast<Enum>(count)) == "unknown");
  return words;
}

std::string text(const ChangedPlace& place) {
  std::string text = place.at.name() + " " + std::string(to_string(place.type));
  for (const std::string& each : place.fields) text += " field " + each;
  return place.element ? text + " element " + *place.element : text;
}

std::string place_of(std::vector<std::string> path) {
  Change change;
  change.key = "k";
  change.path = std::move(path);
  return text(change.place());
}

}  // namespace

TEST_SUITE("types: words") {
  TEST_CASE("each value of a public enum has a word of its own") {
    CHECK(words_of<ErrorCode>(11) == Words{"invalid", "wrong-type", "too-large", "timeout", "busy",
                                           "closed", "read-only", "io", "corrupt", "unsupported",
                                           "no-memory"});
    CHECK(words_of<Event::Kind>(12) == Words{"peer-up", "peer-down", "peer-away", "caught-up",
                                             "snapshot", "snapshot-over", "disk-full", "disk-free",
                                             "closed", "fork", "conflicts", "role"});
    CHECK(words_of<Change::Kind>(6) == Words{"put", "remove", "add", "reset", "clear", "policy"});
    CHECK(words_of<Loser::Kind>(5) == Words{"met", "replaced", "put back", "hidden", "doomed"});
    CHECK(words_of<Durability>(3) == Words{"sync", "interval", "none"});
    CHECK(words_of<CompressLinks>(3) == Words{"never", "remote", "always"});
    CHECK(words_of<WriteConcern::Level>(2) == Words{"applied", "durable"});
  }

  TEST_CASE("an event is a line with all that it says") {
    CHECK(to_string(Event{}) == "peer-up");
    CHECK(to_string(Event{.kind = Event::Kind::kPeerAway,
                          .region = "us",
                          .address = "tcp://127.0.0.1:7",
                          .why = "no answer"}) == "peer-away us at tcp://127.0.0.1:7: no answer");
    CHECK(to_string(Event{.kind = Event::Kind::kSnapshot,
                          .region = "us",
                          .why = "sending",
                          .done = 3,
                          .total = 9,
                          .missed = 2}) ==
          "snapshot us: sending, 3 of 9 (2 events before it missed)");
    CHECK(to_string(Event{.kind = Event::Kind::kConflicts, .done = 4}) == "conflicts, 4");
  }

  TEST_CASE("the place of a change has the names that handles have") {
    CHECK(place_of({}) == "k none");
    CHECK(place_of({"s"}) == "k string");
    CHECK(place_of({"F"}) == "k disable-wins-flag");
    CHECK(place_of({"e"}) == "k set");
    CHECK(place_of({"e", "x"}) == "k set element x");
    CHECK(place_of({"E", "x"}) == "k remove-wins-set element x");
    CHECK(place_of({"z", "m"}) == "k zset element m");
    CHECK(place_of({"h"}) == "k hash");
    CHECK(place_of({"h", "f"}) == "k/f none field f");
    CHECK(place_of({"h", "f", "s"}) == "k/f string field f");
    CHECK(place_of({"h", "e", "h", "h", "e", "x"}) == "k/e/h set field e field h element x");
    CHECK(place_of({"l", "\xFFp"}) == "k list");
    CHECK(place_of({"t", "\xFFp", "part"}) == "k text");
    CHECK(place_of({"of a newer version", "x"}) == "k none");
    Change all;
    all.kind = Change::Kind::kClear;
    CHECK(text(all.place()) == " none");
  }

  TEST_CASE("a watch finds by the place of a change what was written, at any depth") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::mutex mutex;
    std::vector<Change> changes;
    const Watch watch = store.watch("", [&](const Changes& told) {
      const std::lock_guard lock(mutex);
      changes.insert(changes.end(), told.all.begin(), told.all.end());
    });
    std::string id;
    store.transact([&](Transaction& txn) {
      Counter{txn, "n"}.add(5);
      Map{txn, "map"}.at<Map>("in").at<Set<int>>("set").insert(17);
      ItemList items{txn, "items"};
      id = items.push_back();
      items.at(id).at<Register<>>("text").put("milk");
    });
    store.transact([&](Transaction& txn) {
      ItemList items{txn, "items"};
      (void)items.push_front();
      (void)items.move(id, 0);
    });
    REQUIRE(test::eventually([&] {
      const std::lock_guard lock(mutex);
      return changes.size() >= 6;
    }));
    const std::lock_guard lock(mutex);
    Words found;
    for (const Change& each : changes) found.push_back(text(each.place()));
    CHECK(found[0] == "n string");
    CHECK(found[1] == "map/in/set set field in field set element 17");
    CHECK(found[2] == "items/" + id + " none field " + id);
    CHECK(found[3] == "items/" + id + "/text string field " + id + " field text");
    CHECK(found[5] == "items/" + id + " none field " + id);
    // The place serves handles.
    CHECK(CounterReader(store, changes[0].place().at).get() == 5);
    CHECK(SetReader<int>(store, changes[1].place().at).contains(17));
    CHECK(RegisterReader<>(store, changes[3].place().at).get() == "milk");
  }

  TEST_CASE("vectors are netstrings, and other bytes are none") {
    using Codec = anabranch::Codec<Words>;
    CHECK(Codec::encode({}).empty());
    CHECK(Codec::encode({"red", "", "a,1:b"}) == "3:red,0:,5:a,1:b,");
    CHECK(anabranch::Codec<std::vector<int>>::encode({7, -12}) == "1:7,3:-12,");
    CHECK(anabranch::Codec<std::vector<bool>>::encode({true, false}) == "1:1,1:0,");
    const Words many(1000, std::string(12, ','));
    CHECK(Codec::decode(Codec::encode(many)) == many);
    const std::vector<std::vector<int>> deep{{}, {1}, {2, 3}};
    CHECK(anabranch::Codec<std::vector<std::vector<int>>>::decode("0:,4:1:1,,8:1:2,1:3,,") == deep);
    for (const char* bytes :
         {"x", "3", "3:", "3:red", "3:re,", "03:red,", "-1:,", "+1:a,", "1:a", "1:a;", " 1:a,",
          "18446744073709551615:a,", "99999999999999999999:a,", "1:a,1", "00:,"}) {
      CAPTURE(bytes);
      CHECK_FALSE(Codec::decode(bytes));
    }
    CHECK_FALSE(anabranch::Codec<std::vector<int>>::decode("1:x,"));

    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Register<std::vector<int>> numbers{store, "numbers"};
    numbers.put({3, 1, 2});
    CHECK(numbers.get() == std::vector<int>{3, 1, 2});
    numbers.put({});
    CHECK(numbers.get() == std::vector<int>{});
    Register<>{store, "numbers"}.put("no vector");
    CHECK(code_of([&] { (void)numbers.get(); }) == ErrorCode::kWrongType);
  }

  TEST_CASE("floats have the fewest digits, and read back as the same") {
    for (const float each : {0.1F, -2.5F, 16777216.0F, 1e-45F, std::numeric_limits<float>::max()}) {
      CHECK(Codec<float>::decode(Codec<float>::encode(each)) == each);
    }
    CHECK(Codec<double>::encode(-0.0) == "0");  // What compares alike has one form.
    CHECK(Codec<float>::encode(-std::nanf("7")) == "nan");
    CHECK(Codec<float>::encode(0.1F) == "0.1");
    CHECK(Codec<double>::encode(0.1F) == "0.10000000149011612");
    CHECK_FALSE(Codec<float>::decode("1e99"));
    CHECK_FALSE(Codec<float>::decode("1.5x"));
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Register<float> weight{store, "weight"};
    weight.put(0.3F);
    CHECK(weight.get() == 0.3F);
    CHECK(to_json(store, "weight") == "0.3");
  }
}

}  // namespace anabranch::words_test
