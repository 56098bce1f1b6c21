// Open documents, called from everywhere: each call ends or throws, wherever it is made, and never
// holds up the store. A call that hangs after all ends the program with a sentence, not the
// machine.

#include <doctest/doctest.h>

#include <cstdlib>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::document_calls_test {

using namespace std::chrono_literals;
using test::code_of;
using test::eventually;
using test::store_options;
using test::TempDir;

namespace {

constexpr auto kDeadline = 10s;  // For promises of one second.
constexpr auto kOtherThread =
    50ms;  // How long a place stays as it is for a call on another thread.

// A store with a document that is open twice, and one beside it.
struct World {
  TempDir folder;
  Store store = Store::open(store_options(folder, "eu"));
  TextDocument document{store, "text"};
  std::optional<TextDocument> twin{std::in_place, store, "text"};
  TextDocument beside{store, "beside"};
  TextUndo undo{document};
  Session session = store.session();

  World() { undo.insert(0, "hello"); }
};

using Function = std::function<void()>;
using Call = std::function<void(World&)>;
// Makes a call at a place.
using Place = std::function<void(World&, const Function&)>;

// The outcome of a call: "ok", or the text of the Error{kInvalid} that it throws.
std::string outcome_of(const Function& call) {
  try {
    call();
    return "ok";
  } catch (const Error& error) {
    return error.code() == ErrorCode::kInvalid ? error.what() : std::string("? ") + error.what();
  }
}

// Runs a function on a thread of its own and ends the program when it takes too long.
void in_time(const std::string& what, const Function& function) {
  std::packaged_task<void()> task(function);
  std::future<void> done = task.get_future();
  std::thread thread(std::move(task));
  if (done.wait_for(kDeadline) != std::future_status::ready) {
    std::cerr << "this hangs: " << what << std::endl;
    std::_Exit(1);
  }
  thread.join();
  done.get();
}

// The place stays as it is until the call on the other thread is over, or for a moment, since some
// calls cannot be over before it.
void on_another_thread(std::optional<std::jthread>& thread, const Function& call) {
  auto done = std::make_shared<std::promise<void>>();
  thread.emplace([done, call] {
    call();
    done->set_value();
  });
  (void)done->get_future().wait_for(kOtherThread);
}

std::map<std::string, Call> calls() {
  return {
      {"str", [](World& world) { (void)world.document.str(); }},
      {"size", [](World& world) { (void)world.document.size(); }},
      {"read", [](World& world) { (void)world.document.read(1, 2); }},
      {"edit", [](World& world) { world.document.insert(0, "x"); }},
      {"clear", [](World& world) { world.document.clear(); }},
      {"anchor", [](World& world) { (void)world.document.position(world.document.anchor(1)); }},
      {"authors", [](World& world) { (void)world.document.authors(0, 9); }},
      {"undo", [](World& world) { (void)world.undo.undo(); }},
      {"observe", [](World& world) { (void)world.document.observe([](const TextChange&) {}); }},
      {"open", [](World& world) { CHECK(TextDocument(world.store, "text").str().size() < 100); }},
      {"close", [](World& world) { world.twin.reset(); }},
  };
}

std::map<std::string, Place> places() {
  return {
      {"alone", [](World&, const Function& call) { call(); }},
      {"in transact",
       [](World& world, const Function& call) {
         world.store.transact([&](Transaction& txn) {
           Counter{txn, "n"}.add(1);
           call();
         });
       }},
      {"in transact of a session",
       [](World& world, const Function& call) {
         world.session.transact([&](Transaction&) { call(); });
       }},
      {"in transact_if",
       [](World& world, const Function& call) {
         CHECK(world.store.transact_if({}, [&](Transaction&) { call(); }));
       }},
      {"in read",
       [](World& world, const Function& call) {
         world.store.read([&](ReadTransaction&) { call(); });
       }},
      {"in read of a session",
       [](World& world, const Function& call) {
         world.session.read([&](ReadTransaction&) { call(); });
       }},
      {"in a watch",
       [](World& world, const Function& call) {
         std::promise<void> called;
         const Watch watch = world.store.watch("rung", [&](const Changes&) {
           call();
           called.set_value();
         });
         Counter{world.store, "rung"}.add(1);
         called.get_future().get();
       }},
      {"in its own edit",
       [](World& world, const Function& call) {
         world.document.edit([&](TextEdit& edit) {
           edit.insert(0, "y");
           call();
         });
       }},
      {"in an edit of another document",
       [](World& world, const Function& call) { world.beside.edit([&](TextEdit&) { call(); }); }},
      {"on another thread while transact runs",
       [](World& world, const Function& call) {
         std::optional<std::jthread> thread;
         world.store.transact([&](Transaction&) { on_another_thread(thread, call); });
       }},
      {"on another thread while its own edit runs",
       [](World& world, const Function& call) {
         std::optional<std::jthread> thread;
         world.document.edit([&](TextEdit& edit) {
           edit.insert(0, "z");
           on_another_thread(thread, call);
         });
       }},
  };
}

// The demanded outcome; "ok" by default.
std::string demanded(const std::string& place, const std::string& call) {
  if (call == "open" || call == "close") return "ok";
  if (place == "in its own edit") {
    return "an open document is used from within its own edit: use the TextEdit that the function "
           "was given";
  }
  const bool writes = call == "edit" || call == "clear" || call == "undo";
  if (writes && (place.starts_with("in transact") || place == "in an edit of another document")) {
    return "an open document is edited from within a transaction: give edit() the scope that the "
           "function was given";
  }
  if (call == "observe" &&
      (place.starts_with("in transact") || place == "in an edit of another document")) {
    return "an observer begins with what is committed: not within a transaction";
  }
  return "ok";
}

}  // namespace

TEST_SUITE("leader: calls of documents") {
  TEST_CASE("each call of an open document ends or throws, from wherever it is made") {
    for (const auto& [place_name, place] : places()) {
      for (const auto& [call_name, call] : calls()) {
        const std::string what = call_name + " " + place_name;
        CAPTURE(what);
        std::string outcome;
        in_time(what, [&, &place = place, &call = call] {
          World world;
          place(world, [&] { outcome = outcome_of([&] { call(world); }); });
          // Nothing is stuck, and all that is open shows one text.
          world.document.insert(0, "!");
          const std::string text = world.document.str();
          CHECK(text == Text(world.store, "text").str());
          if (world.twin) CHECK(eventually([&] { return world.twin->str() == text; }));
        });
        CHECK(outcome == demanded(place_name, call_name));
      }
    }
  }

  TEST_CASE("a document may be destroyed by the function of its own edit") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    in_time("a document destroyed in its own edit", [&] {
      std::optional<TextDocument> document{std::in_place, store, "text"};
      document->edit([&](TextEdit& edit) {
        edit.insert(0, "last words");
        document.reset();
      });
    });
    CHECK(Text(store, "text").str() == "last words");
  }

  TEST_CASE("one thread edits a document while another reads it in transactions") {
    const TempDir folder;
    Store eu = Store::open(test::listening(folder, "eu"));
    Store us = Store::open(test::dialling(folder, "us", eu));
    TextDocument document{eu, "text"};
    constexpr int kTimes = 200;
    in_time("edits beside transactions that read the document", [&] {
      std::jthread editor([&] {
        for (int i = 0; i < kTimes; ++i) document.insert(0, "x");
      });
      std::jthread reader([&] {
        for (int i = 0; i < kTimes; ++i) (void)document.str();
      });
      std::uint64_t last = 0;
      for (int i = 0; i < kTimes; ++i) {
        eu.transact([&](Transaction& txn) {
          const std::uint64_t size = document.size();
          // A transaction sees the writes that were staged before it.
          CHECK(size == Text(txn, "text").size());
          CHECK(size >= last);
          last = size;
          Register<std::string>{txn, "words"}.put(std::to_string(size));
        });
      }
    });
    CHECK(document.size() == kTimes);
    CHECK(eventually([&] { return Text(us, "text").size() == kTimes; }));
  }

  TEST_CASE("what is read outside of transactions is committed, also while an edit runs") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    document.insert(0, "committed");
    in_time("a reader beside an edit that takes long", [&] {
      document.edit([&](TextEdit& edit) {
        edit.insert(0, "un");
        std::async(std::launch::async, [&] { CHECK(document.str() == "committed"); }).get();
      });
    });
    CHECK(document.str() == "uncommitted");
  }

  TEST_CASE("two stores, one within a transaction of the other, and the first again: refused") {
    const TempDir folder;
    Store eu = Store::open(store_options(folder, "eu"));
    Store us = Store::open(store_options(folder, "us"));
    in_time("a store within another within itself", [&] {
      eu.transact([&](Transaction& txn) {
        us.transact([&](Transaction& other) {
          CHECK(code_of([&] { Counter{eu, "n"}.add(1); }) == ErrorCode::kInvalid);
          Counter{other, "n"}.add(2);
        });
        Counter{txn, "n"}.add(3);
      });
    });
    CHECK(Counter{eu, "n"}.get() == 3);
    CHECK(Counter{us, "n"}.get() == 2);
  }

  TEST_CASE("an edit and a watch without a function are refused") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    CHECK(code_of([&] { document.edit(nullptr); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { (void)document.observe(nullptr); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { (void)store.watch("", nullptr); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { (void)store.watch("", store.token(), nullptr); }) == ErrorCode::kInvalid);
  }
}

}  // namespace anabranch::document_calls_test
