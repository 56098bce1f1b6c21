// Documents that stay open, and many of them: their cost, and that they follow their texts.

#include <doctest/doctest.h>

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::open_documents_test {

using test::eventually;
using test::store_options;
using test::TempDir;

namespace {

using Documents = std::vector<std::unique_ptr<TextDocument>>;

#ifdef ANABRANCH_SANITIZED
constexpr int kDocuments = 1'000;
#else
constexpr int kDocuments = 10'000;
#endif
constexpr int kEdits = 200;

// The threads of this process.
int threads() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int count = 0;
    if (word == "Threads:" && status >> count) return count;
  }
  return -1;
}

std::string key_of(int i) { return "documents/" + std::to_string(i); }

Documents open(Store& store, int count) {
  Documents documents;
  for (int i = 0; i < count; ++i) {
    documents.push_back(std::make_unique<TextDocument>(store, key_of(i)));
  }
  return documents;
}

// The CPU time of this process for an edit of the first of them.
double cpu_of_edit(Documents& documents) {
  const std::clock_t begin = std::clock();
  for (int i = 0; i < kEdits; ++i) documents.front()->insert(0, "x");
  return static_cast<double>(std::clock() - begin) / kEdits;
}

}  // namespace

TEST_SUITE("leader: open documents") {
  TEST_CASE("ten thousand open documents cost an edit what one costs, and few threads") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Documents one = open(store, 1);
    (void)cpu_of_edit(one);  // Warm.
    const double alone = cpu_of_edit(one);
    one.clear();
    Documents documents = open(store, kDocuments);
    CHECK(store.status().watches.documents == kDocuments);
    (void)cpu_of_edit(documents);
    const double among = std::min(cpu_of_edit(documents), cpu_of_edit(documents));
    Text{store, key_of(kDocuments - 1)}.insert(0, "seen");
    CHECK(eventually([&] { return documents.back()->str() == "seen"; }));
    const int threads_open = threads();
    CHECK(threads_open < 12);
    const auto begin = std::chrono::steady_clock::now();
    documents.clear();
    const auto closing = std::chrono::steady_clock::now() - begin;
    CHECK(closing < std::chrono::seconds(10));  // Ten times the promise.
    CHECK(store.status().watches.documents == 0);
    CHECK(among < 2 * alone + 100);
    MESSAGE(kDocuments << " documents: " << threads_open << " threads; CPU of an edit " << among
                       << " us, of one document " << alone << " us; closing all "
                       << std::chrono::duration_cast<std::chrono::milliseconds>(closing).count()
                       << " ms");
  }

  TEST_CASE("a document shows what a watch of its key is told of") {
    const TempDir folder;
    Store eu = Store::open(test::listening(folder, "eu"));
    Store us = Store::open(test::dialling(folder, "us", eu));
    TextDocument here{eu, "text"};
    TextDocument there{us, "text"};
    std::atomic<int> told = 0;
    std::atomic<int> stale = 0;
    const Watch watch = us.watch("text", [&](const Changes&) {
      ++told;
      if (there.size() < static_cast<std::uint64_t>(told)) ++stale;
    });
    for (int i = 0; i < 300; ++i) here.insert(0, "x");
    REQUIRE(eventually([&] { return told == 300; }));
    CHECK(stale == 0);
  }

  TEST_CASE("a call of a document sees all that was committed in its store before") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    TextDocument other{store, "text"};
    Text text{store, "text"};
    std::string expected;
    for (int i = 0; i < 100; ++i) {
      text.insert(expected.size(), "a");
      REQUIRE(document.str() == (expected += 'a'));
      text.insert(expected.size(), "b");
      other.insert(expected.size() + 1, "c");  // Out of range without "b".
      REQUIRE(document.size() == (expected += "bc").size());
      store.transact([&](Transaction& txn) {
        REQUIRE(document.str() == expected);
        document.edit(txn, [&](TextEdit& edit) { edit.insert(expected.size(), "d"); });
      });
      REQUIRE(other.str() == (expected += 'd'));
      text.insert(0, "e");
      expected.insert(0, "e");
      const TextView view = document.observe([](const TextChange&) {});
      REQUIRE(view.text == expected);
    }
  }

  TEST_CASE("a document sees the writes of another region that a session has waited for") {
    const TempDir folder;
    Store eu = Store::open(test::listening(folder, "eu"));
    Store us = Store::open(test::dialling(folder, "us", eu));
    TextDocument here{eu, "text"};
    TextDocument there{us, "text"};
    std::uint64_t size = 0;
    for (int i = 0; i < 100; ++i) {
      here.insert(size++, "x");
      (void)us.session(eu.token(), std::chrono::seconds(30));
      REQUIRE(there.size() == size);
      there.insert(size++, "y");
      (void)eu.session(us.token(), std::chrono::seconds(30));
      REQUIRE(here.size() == size);
    }
  }

  TEST_CASE("a document that nobody reads keeps nothing of what has come and gone") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.log_bytes_min = 1;
    options.log_bytes_max = std::uint64_t{4} << 20U;
    Store store = Store::open(options);
    TextDocument document{store, "text"};
    TextDocument stale{store, "text"};
    Text text{store, "text"};
    const std::string page(10'000, 'x');
    const auto come_and_go = [&](int times) {
      for (int i = 0; i < times; ++i) {
        text.insert(0, page);
        text.erase(0, page.size());
      }
    };
    come_and_go(50);
    const auto before = static_cast<double>(mallinfo2().uordblks);
    come_and_go(400);
    const double more = (static_cast<double>(mallinfo2().uordblks) - before) / (1 << 20);
    MESSAGE("4 MB that have come and gone leave " << more << " MiB");
    CHECK(more < 2);
    CHECK(eventually([&] { return document.size() == 0; }));
  }

  TEST_CASE("a text of another database can be opened, also within a map") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const Key key = Key(7, "map").field("text");
    TextDocument document{store, key};
    TextDocument other{store, Key("map").field("text")};
    document.insert(0, "seven");
    Text{store, key}.insert(5, "!");
    CHECK(eventually([&] { return document.str() == "seven!"; }));
    CHECK(other.size() == 0);
    store.clear(Key::all(7));
    CHECK(eventually([&] { return document.size() == 0; }));
  }
}

}  // namespace anabranch::open_documents_test
