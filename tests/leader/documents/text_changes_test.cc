// What the observers of open documents are told.

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/crdt/random.h"
#include "tests/leader/documents/mirror.h"
#include "tests/leader/store_world.h"
#include "tests/seed.h"

namespace anabranch::text_changes_test {

using test::code_of;
using test::eventually;
using test::Mirror;
using test::Random;
using test::store_options;
using test::TempDir;

namespace {

// Types and erases at random places.
void edit_at_random(TextEdit& edit, Random& random, const std::string& letters) {
  for (std::size_t left = 1 + random.below(4); left > 0; --left) {
    const std::uint64_t at = random.below(edit.size() + 1);
    if (random.chance(0.6)) {
      std::string word;
      for (std::size_t i = 1 + random.below(4); i > 0; --i)
        word += letters[random.below(letters.size())];
      edit.insert(at, random.chance(0.1) ? word + "\xF0\x9F\x98\x80" : word);
    } else {
      edit.erase(at, std::min<std::uint64_t>(random.below(5), edit.size() - at));
    }
  }
}

}  // namespace

TEST_SUITE("leader: changes of documents") {
  TEST_CASE("an observer is told of a change that is too large for the document's inbox") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    const Mirror mirror(document);
    const std::string large(std::size_t{2} << 20U, 'x');
    Text{store, "text"}.insert(0, large);
    CHECK(eventually([&] { return mirror.str() == large; }));
    CHECK(mirror.fits());
  }

  TEST_CASE("an observer is told what an edit has changed, with its region and note") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    document.insert(0, "Hello wrold");
    Mirror mirror(document);
    CHECK(mirror.str() == "Hello wrold");
    document.edit([](TextEdit& edit) {
      edit.note("request 7");
      edit.erase(6, 5);
      edit.insert(6, "w");
      edit.insert(7, "orld");
      edit.insert(0, "> ");
    });
    REQUIRE(eventually([&] { return mirror.changes().size() == 1; }));
    const TextChange change = mirror.changes().front();
    CHECK(change.deltas == std::vector<TextDelta>{{6, 5, "world"}, {0, 0, "> "}});
    CHECK(change.size == 13);
    CHECK(change.region == "eu");
    CHECK(change.own);
    CHECK_FALSE(change.remote);
    CHECK_FALSE(change.anew);
    CHECK(change.note == "request 7");
    CHECK_NOTHROW((void)store.session(change.token, std::chrono::milliseconds(0)));
    Text{store, "text"}.erase(0, 2);
    REQUIRE(eventually([&] { return mirror.changes().size() == 2; }));
    const TextChange other = mirror.changes().back();
    CHECK(other.deltas == std::vector<TextDelta>{{0, 2, ""}});
    CHECK_FALSE(other.own);
    CHECK_FALSE(other.remote);
    CHECK(other.region == "eu");
    CHECK(mirror.fits());
  }

  TEST_CASE("positions of changes count the units of the document") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument points{store, "text"};
    TextDocument units{store, "text", TextUnit::kUtf16};
    points.insert(0, "\xF0\x9F\x98\x80|");
    REQUIRE(eventually([&] { return units.size() == 3; }));
    std::promise<TextChange> told;
    const TextView view = units.observe([&](const TextChange& change) { told.set_value(change); });
    points.edit([](TextEdit& edit) {
      edit.insert(2, "\xF0\x9F\x98\x80");
      edit.erase(0, 1);
    });
    const TextChange change = told.get_future().get();
    CHECK(change.deltas == std::vector<TextDelta>{{3, 0, "\xF0\x9F\x98\x80"}, {0, 2, ""}});
    CHECK(change.size == 3);
  }

  TEST_CASE("a remote edit is told with its region, and the document shows it by then") {
    const TempDir folder;
    Store eu = Store::open(test::listening(folder, "eu"));
    Store us = Store::open(test::dialling(folder, "us", eu));
    TextDocument here{eu, "text"};
    TextDocument there{us, "text"};
    std::atomic<int> told = 0;
    std::atomic<int> wrong = 0;
    const TextView view = there.observe([&](const TextChange& change) {
      if (change.region != "eu" || !change.remote || change.own) ++wrong;
      if (there.size() < change.size) ++wrong;
      told += static_cast<int>(change.deltas.front().inserted.size());
    });
    for (int i = 0; i < 200; ++i) here.insert(0, "x");
    REQUIRE(eventually([&] { return told == 200; }));
    CHECK(wrong == 0);
  }

  TEST_CASE("an edit that throws is told to nobody, and one after it is") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    document.insert(0, "abc");
    Mirror mirror(document);
    CHECK(code_of([&] {
            document.edit([](TextEdit& edit) {
              edit.insert(0, "x");
              edit.erase(0, 9);
            });
          }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { document.erase(7, 1); }) == ErrorCode::kInvalid);
    document.insert(3, "d");
    REQUIRE(eventually([&] { return mirror.str() == "abcd"; }));
    CHECK(mirror.fits());
    for (const TextChange& each : mirror.changes()) {
      for (const TextDelta& delta : each.deltas)
        CHECK(delta.inserted.find('x') == std::string::npos);
    }
  }

  TEST_CASE("a clear is told as a difference, without anybody reading the document") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    document.insert(0, "abc");
    Mirror mirror(document);
    Text{store, "text"}.clear();
    REQUIRE(eventually([&] { return mirror.str().empty(); }));
    CHECK(mirror.changes().back().anew);
    CHECK(mirror.changes().back().deltas == std::vector<TextDelta>{{0, 3, ""}});
    document.insert(0, "de");
    document.clear();
    Text{store, "text"}.insert(0, "f");
    REQUIRE(eventually([&] { return mirror.str() == "f"; }));
    CHECK(mirror.fits());
  }

  TEST_CASE("an observer that is too slow is told the whole text, and goes on") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    document.insert(0, "begin ");
    std::promise<void> first;
    std::promise<void> go_on;
    std::atomic<bool> waited = false;
    std::mutex mutex;
    std::u32string text;
    bool anew = false;
    const TextView view = document.observe([&](const TextChange& change) {
      if (!waited.exchange(true)) {
        first.set_value();
        go_on.get_future().wait();
      }
      const std::lock_guard lock(mutex);
      anew = anew || change.anew;
      for (const TextDelta& each : change.deltas) {
        text.replace(each.position, each.erased, crdt::utf8_decoded(each.inserted));
      }
    });
    {
      const std::lock_guard lock(mutex);
      text = crdt::utf8_decoded(view.text);
    }
    document.insert(0, "x");
    first.get_future().wait();
    for (int i = 0; i < 1100; ++i) document.insert(document.size() / 2, "y");
    go_on.set_value();
    CHECK(eventually([&] {
      const std::lock_guard lock(mutex);
      return crdt::utf8_encoded(text) == document.str();
    }));
    CHECK(anew);
    CHECK(store.status().watches.lost >= 1);
    document.insert(0, "z");
    CHECK(eventually([&] {
      const std::lock_guard lock(mutex);
      return text.front() == U'z';
    }));
  }

  TEST_CASE("observers that begin while others write miss nothing") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    std::atomic<bool> done = false;
    std::vector<std::unique_ptr<Mirror>> mirrors;
    {
      std::jthread typing([&] {
        for (int i = 0; i < 300; ++i) document.insert(document.size() / 2, std::to_string(i % 10));
        done = true;
      });
      std::jthread transactions([&] {
        for (int i = 0; i < 100; ++i) {
          store.transact([&](Transaction& txn) {
            document.edit(txn, [](TextEdit& edit) { edit.insert(0, "t"); });
          });
        }
      });
      while (!done) {
        mirrors.push_back(std::make_unique<Mirror>(document));
        std::this_thread::yield();
        if (mirrors.size() > 200) break;
      }
    }
    const std::string text = document.str();
    CHECK(text.size() == 400);
    for (const auto& each : mirrors) {
      CHECK(eventually([&] { return each->str() == text; }));
      CHECK(each->fits());
    }
  }

  TEST_CASE("an observer may be destroyed in its own function, and its document before it") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::optional<TextDocument> document{std::in_place, store, "text"};
    std::optional<TextView> view;
    std::promise<void> told;
    view.emplace(document->observe([&](const TextChange&) {
      view.reset();
      told.set_value();
    }));
    document->insert(0, "x");
    told.get_future().wait();
    TextView rest = document->observe([](const TextChange&) {});
    document.reset();
    Text{store, "text"}.insert(0, "y");
    CHECK(rest.text == "x");
  }

  TEST_CASE("in three regions that are cut apart and healed, the deltas make the text") {
    Random random(test::seed());
    CAPTURE(test::seed());
    const TempDir folder;
    Store eu = Store::open(test::listening(folder, "eu"));
    Store us = Store::open(test::dialling(folder, "us", eu));
    Options options = test::dialling(folder, "ap", eu);
    options.peers.push_back(us.status().endpoint);
    Store ap = Store::open(options);
    std::vector<Store*> stores{&eu, &us, &ap};
    std::vector<std::unique_ptr<TextDocument>> documents;
    std::vector<std::unique_ptr<Mirror>> mirrors;
    for (Store* const each : stores) {
      documents.push_back(std::make_unique<TextDocument>(*each, "text"));
      mirrors.push_back(std::make_unique<Mirror>(*documents.back()));
    }
    const std::vector<std::string> letters{"abc", "ABC", "123"};
    for (int round = 0; round < 120; ++round) {
      const std::size_t who = random.below(3);
      const auto function = [&](TextEdit& edit) { edit_at_random(edit, random, letters[who]); };
      if (random.chance(0.2)) {
        Text{*stores[who], "text"}.edit(function);
      } else if (random.chance(0.3)) {
        stores[who]->transact([&](Transaction& txn) { documents[who]->edit(txn, function); });
      } else {
        documents[who]->edit(function);
      }
      if (random.chance(0.02)) Text{*stores[who], "text"}.clear();
      if (random.chance(0.1)) (void)eu.pause("us");
      if (random.chance(0.1)) (void)eu.resume("us");
      if (random.chance(0.1)) (void)ap.pause("us");
      if (random.chance(0.1)) (void)ap.resume("us");
    }
    (void)eu.resume("us");
    (void)ap.resume("us");
    CHECK(eventually([&] {
      const std::string text = Text{eu, "text"}.str();
      return Text(us, "text").str() == text && Text(ap, "text").str() == text;
    }));
    const std::string text = Text{eu, "text"}.str();
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(eventually([&] { return documents[i]->str() == text; }));
      CHECK(eventually([&] { return mirrors[i]->str() == text; }));
      CHECK(mirrors[i]->fits());
    }
  }
}

}  // namespace anabranch::text_changes_test
