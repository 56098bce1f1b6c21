// Edits of open documents within transactions.

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "tests/leader/documents/mirror.h"
#include "tests/leader/store_world.h"

namespace anabranch::text_transactions_test {

using test::code_of;
using test::eventually;
using test::Mirror;
using test::store_options;
using test::TempDir;

namespace {

struct Undo {};

void put_in_front(TextDocument& document, Scope& txn, const std::string& text) {
  document.edit(txn, [&](TextEdit& edit) { edit.insert(0, text); });
}

}  // namespace

TEST_SUITE("leader: documents in transactions") {
  TEST_CASE("text, title and editor change in one commit") {
    const TempDir folder;
    Store eu = Store::open(test::listening(folder, "eu"));
    Store us = Store::open(test::dialling(folder, "us", eu));
    TextDocument document{eu, "doc/text"};
    std::atomic<int> half = 0;
    std::atomic<int> told = 0;
    const Watch watch = us.watch("doc/", [&](const Changes&) {
      us.read([&](ReadTransaction& txn) {
        ++told;
        const std::string title = Register<std::string>{txn, "doc/title"}.get().value_or("");
        if (std::to_string(Text{txn, "doc/text"}.size()) != title) ++half;
      });
    });
    for (int i = 1; i <= 50; ++i) {
      eu.transact([&](Transaction& txn) {
        put_in_front(document, txn, "x");
        CHECK(document.size() == static_cast<std::uint64_t>(i));
        Register<std::string>{txn, "doc/title"}.put(std::to_string(document.size()));
      });
      CHECK(document.size() == static_cast<std::uint64_t>(i));
    }
    CHECK(eventually([&] { return Text(us, "doc/text").size() == 50; }));
    CHECK(eventually([&] { return told >= 1; }));
    CHECK(half == 0);
  }

  TEST_CASE("of edits that share a commit, only the one that throws is taken back") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "doc"};
    Mirror mirror(document);
    std::vector<std::future<std::string>> done;
    store.transact([&](Transaction&) {  // The store's thread waits for this one.
      for (int i = 0; i < 20; ++i) {
        done.push_back(store.transact_async([&document, i](Transaction& txn) {
          put_in_front(document, txn, std::to_string(i % 10));
          if (i % 4 == 3) throw Undo();
        }));
      }
    });
    for (std::size_t i = 0; i < done.size(); ++i) {
      if (i % 4 == 3) {
        CHECK_THROWS_AS(done[i].get(), Undo);
      } else {
        CHECK_FALSE(done[i].get().empty());
      }
    }
    CHECK(document.str() == "876432098654210");
    CHECK(Text(store, "doc").str() == document.str());
    CHECK(eventually([&] { return mirror.str() == document.str(); }));
    CHECK(mirror.fits());
  }

  TEST_CASE("a transaction that is undone takes back the edits of all its documents") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument one{store, "one"};
    TextDocument two{store, "two"};
    one.insert(0, "1");
    Mirror mirror(one);
    CHECK_THROWS_AS(store.transact([&](Transaction& txn) {
      put_in_front(one, txn, "x");
      put_in_front(two, txn, "y");
      CHECK(one.str() == "x1");
      throw Undo{};
    }),
                    Undo);
    CHECK(one.str() == "1");
    CHECK(two.str().empty());
    store.transact([&](Transaction& txn) { put_in_front(one, txn, "z"); });
    CHECK(one.str() == "z1");
    CHECK(Text(store, "one").str() == "z1");
    CHECK(eventually([&] { return mirror.str() == "z1"; }));
    CHECK(mirror.fits());
  }

  TEST_CASE("a part of a transaction that is undone takes back its edits alone") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    Mirror mirror(document);
    store.transact([&](Transaction& txn) {
      put_in_front(document, txn, "a");
      CHECK_THROWS_AS(txn.atomically([&](Scope& inner) {
        put_in_front(document, inner, "b");
        CHECK(document.str() == "ba");
        throw Undo{};
      }),
                      Undo);
      CHECK(document.str() == "a");
      CHECK_THROWS_AS(document.edit(txn,
                                    [](TextEdit& edit) {
                                      edit.insert(0, "c");
                                      throw Undo{};
                                    }),
                      Undo);
      put_in_front(document, txn, "d");
      CHECK(document.str() == "da");
    });
    CHECK(document.str() == "da");
    CHECK(Text(store, "text").str() == "da");
    CHECK(eventually([&] { return mirror.str() == "da"; }));
    CHECK(mirror.fits());
  }

  TEST_CASE("an edit in a transaction waits for no edit of its own transaction") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    Mirror mirror(document);
    constexpr int kTimes = 150;
    {
      std::vector<std::jthread> threads;
      for (const char* const letter : {"a", "b"}) {
        threads.emplace_back([&, letter] {
          for (int i = 0; i < kTimes; ++i) {
            store.transact([&](Transaction& txn) { put_in_front(document, txn, letter); });
          }
        });
        threads.emplace_back([&, letter] {
          for (int i = 0; i < kTimes; ++i) document.insert(document.size(), letter);
        });
      }
      threads.emplace_back([&] {
        for (int i = 0; i < kTimes; ++i) (void)document.str();
      });
    }
    CHECK(document.size() == 4 * kTimes);
    CHECK(document.str() == Text(store, "text").str());
    CHECK(eventually([&] { return mirror.str() == document.str(); }));
    CHECK(mirror.fits());
  }

  TEST_CASE("other threads read the committed text while a transaction holds an edit") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    document.insert(0, "old");
    store.transact([&](Transaction& txn) {
      put_in_front(document, txn, "un");
      std::jthread([&] { CHECK(document.str() == "old"); }).join();
      document.edit(txn, [&](TextEdit& edit) {
        edit.erase(0, 5);
        std::jthread([&] { CHECK(document.str() == "old"); }).join();
        CHECK(code_of([&] { put_in_front(document, txn, "x"); }) == ErrorCode::kInvalid);
      });
    });
    CHECK(document.str().empty());
  }

  TEST_CASE("a document is edited with the transaction of its store only") {
    const TempDir folder;
    Store eu = Store::open(store_options(folder, "eu"));
    Store us = Store::open(store_options(folder, "us"));
    TextDocument document{eu, "text"};
    const auto refused = [&](const std::function<void()>& call) {
      return code_of(call) == ErrorCode::kInvalid;
    };
    CHECK(refused([&] { put_in_front(document, eu, "x"); }));
    us.transact([&](Transaction& txn) {
      CHECK(refused([&] { put_in_front(document, txn, "x"); }));
      eu.transact([&](Transaction&) {
        CHECK(refused([&] { put_in_front(document, txn, "x"); }));
        CHECK(refused([&] { put_in_front(document, eu, "x"); }));
      });
    });
    Transaction* late = nullptr;
    eu.transact([&](Transaction& txn) { late = &txn; });
    CHECK(refused([&] { put_in_front(document, *late, "x"); }));
    Session session = eu.session();
    session.transact([&](Transaction& txn) { put_in_front(document, txn, "s"); });
    CHECK(eu.once(
        "request", [&](Scope& txn) { put_in_front(document, txn, "o"); }, OnceIn::kOneRegion));
    CHECK_FALSE(eu.once(
        "request", [&](Scope& txn) { put_in_front(document, txn, "o"); }, OnceIn::kOneRegion));
    CHECK(document.str() == "os");
  }

  TEST_CASE("after a clear in a transaction a document is edited as it is there") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    document.insert(0, "abc");
    Mirror mirror(document);
    Text{store, "text"}.clear();
    store.transact([&](Transaction& txn) {
      put_in_front(document, txn, "d");
      CHECK(Text(txn, "text").str() == "d");
    });
    CHECK(eventually([&] { return document.str() == "d"; }));
    CHECK(eventually([&] { return mirror.str() == "d"; }));
    CHECK(mirror.fits());
  }
}

}  // namespace anabranch::text_transactions_test
