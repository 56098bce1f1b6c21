// The files of a shared log: the objects for them, and all that a former holder can still do.

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/shared/shared_files.h"
#include "tests/storage/shared/memory_objects.h"

namespace anabranch::storage::test::shared_files_test {
namespace {

using core::Result;
using Names = std::vector<std::string>;

constexpr const char* kLog = "3.16";
constexpr const char* kId = "0123456789abcdef0123456789abcdef";

std::unique_ptr<SharedFiles> take(ObjectStore& store, const std::string& id = kId) {
  auto taken = SharedFiles::take(store, kLog, id);
  REQUIRE(taken.ok());
  return std::move(taken).value();
}

std::unique_ptr<File> created(Files& files, const std::string& name, const std::string& bytes) {
  auto file = files.create(name);
  REQUIRE(file.ok());
  REQUIRE(file.value()->write(0, bytes).ok());
  REQUIRE(file.value()->sync().ok());
  return std::move(file).value();
}

std::string content(const File& file) {
  std::array<char, 100> bytes{};
  const auto got = file.read(0, bytes);
  REQUIRE(got.ok());
  return {bytes.data(), got.value()};
}

std::string content(Files& files, const std::string& name) {
  const auto file = files.open(name);
  REQUIRE(file.ok());
  return content(*file.value());
}

bool fenced(const Result<void>& done) {
  return !done.ok() && !done.failure().passes &&
         done.failure().message.ends_with("another process has taken the log over");
}

TEST_SUITE("storage: shared files") {
  TEST_CASE("the objects of a log are those that the document says") {
    MemoryObjects objects;
    HolderStore store(objects);
    const auto files = take(store);
    created(*files, "new", "abc");
    created(*files, "note", "");
    REQUIRE(files->rename("new", "segment-1").ok());
    using Entries = std::map<std::string, std::string>;
    CHECK(
        objects.all() ==
        MemoryObjects::All{{"3.16/dir",
                            {.epoch = 1,
                             .bytes = {},
                             .entries = Entries{{"!format", "1"},
                                                {"!id", kId},
                                                {"f/note", "3.16/0000000000000001.2"},
                                                {"f/segment-1", "3.16/0000000000000001.1"}}}},
                           {"3.16/0000000000000001.1", {.epoch = 1, .bytes = "abc", .entries = {}}},
                           {"3.16/0000000000000001.2", {.epoch = 1, .bytes = {}, .entries = {}}}});
    CHECK(files->shared_id() == kId);
    CHECK(files->list().value() == Names{"note", "segment-1"});
    CHECK(files->has("note").value());
    CHECK_FALSE(files->has("new").value());
    CHECK_FALSE(files->open("new").ok());
    CHECK_FALSE(files->create("note").ok());
    CHECK_FALSE(files->rename("new", "newer").ok());
    CHECK_FALSE(files->remove("new").ok());
  }

  TEST_CASE("a file shows what is written, before a sync and when it rests, and can be cut") {
    MemoryObjects objects;
    HolderStore store(objects);
    const auto files = take(store);
    const auto file = created(*files, "a", "abcdef");
    REQUIRE(file->write(4, "XYZ").ok());
    CHECK(content(*file) == "abcdXYZ");
    CHECK(objects.find("3.16/0000000000000001.1")->bytes == "abcdef");
    file->rest();
    CHECK(content(*file) == "abcdXYZ");
    REQUIRE(file->truncate(2).ok());
    CHECK(file->size().value() == 2);
    REQUIRE(file->sync().ok());
    CHECK(objects.find("3.16/0000000000000001.1")->bytes == "ab");
  }

  TEST_CASE("a large write goes out in pieces") {
    MemoryObjects objects;
    std::size_t changes = 0;
    HolderStore store(objects, [&](bool is_change) {
      changes += is_change ? 1 : 0;
      return Fate::kAnswered;
    });
    const auto files = take(store);
    const auto file = created(*files, "a", "");
    changes = 0;
    REQUIRE(file->write(1, std::string(2 * ObjectStore::kBytesMax + 1, 'x')).ok());
    REQUIRE(file->sync().ok());
    CHECK(changes == 3);
    file->rest();
    CHECK(file->size().value() == 2 * ObjectStore::kBytesMax + 2);
  }

  TEST_CASE("a file that was removed or replaced can be read until nobody has it open") {
    MemoryObjects objects;
    HolderStore store(objects);
    const auto files = take(store);
    auto removed = created(*files, "a", "a");
    auto replaced = created(*files, "b", "b");
    removed->rest();
    created(*files, "c", "c");
    REQUIRE(files->remove("a").ok());
    REQUIRE(files->rename("c", "b").ok());
    CHECK(content(*removed) == "a");
    CHECK(content(*replaced) == "b");
    CHECK(removed->names().value() == 0);
    CHECK(content(*files, "b") == "c");
    CHECK(objects.all().size() == 4);
    removed.reset();
    replaced.reset();
    CHECK(objects.all().size() == 2);
  }

  TEST_CASE("a log that is taken over has all files, and its former holder changes nothing") {
    MemoryObjects objects;
    HolderStore store(objects);
    const auto former = take(store);
    const auto file = created(*former, "a", "a");
    const auto other = created(*former, "b", "b");
    const auto last = created(*former, "c", "c");
    const auto files = take(store, "another");
    CHECK(files->epoch() == former->epoch() + 1);
    CHECK(files->shared_id() == kId);
    CHECK(files->list().value() == Names{"a", "b", "c"});
    CHECK(content(*files, "a") == "a");

    const auto before = objects.all();
    REQUIRE(file->write(0, "late").ok());
    CHECK(fenced(file->sync()));
    CHECK(fenced(file->sync()));
    CHECK(fenced(file->write(0, "again")));
    REQUIRE(other->truncate(0).ok());
    CHECK(fenced(other->sync()));
    CHECK(fenced(former->rename("a", "d")));
    CHECK(fenced(former->remove("a")));
    const auto made = former->create("e");
    CHECK_FALSE(made.ok());
    auto after = objects.all();
    CHECK(after.erase("3.16/0000000000000001.4") == 1);  // No name leads to it.
    CHECK(after == before);
  }

  TEST_CASE("a holder that was stopped while it took the log does not take it from the next one") {
    MemoryObjects objects;
    HolderStore store(objects);
    created(*take(store), "a", "a");
    std::unique_ptr<SharedFiles> next;
    std::unique_ptr<File> file;
    int operations = 0;
    HolderStore slow(objects, [&](bool) {
      if (++operations == 4) {  // It has raised the epoch of `dir`, and listed the names.
        next = take(store);
        file = std::move(next->open("a")).value();
      }
      return Fate::kAnswered;
    });
    CHECK_FALSE(SharedFiles::take(slow, kLog, kId).ok());
    REQUIRE(file);
    REQUIRE(file->write(0, "b").ok());
    CHECK(file->sync().ok());
    CHECK(content(*file) == "b");
  }

  TEST_CASE("an operation without an answer fails its file for ever, and may have been done") {
    for (const Fate fate : {Fate::kUnanswered, Fate::kLost, Fate::kLate}) {
      MemoryObjects objects;
      Fate next = Fate::kAnswered;
      HolderStore store(objects, [&](bool) { return std::exchange(next, Fate::kAnswered); });
      const auto files = take(store);
      const auto file = created(*files, "a", "a");
      REQUIRE(file->write(0, "b").ok());
      next = fate;
      for (int i = 0; i < 2; ++i) {
        const auto synced = file->sync();
        REQUIRE_FALSE(synced.ok());
        CHECK_FALSE(synced.failure().passes);
        CHECK(synced.failure().message.find("no answer came") != std::string::npos);
      }
      CHECK_FALSE(file->write(0, "c").ok());
      next = fate;
      const auto renamed = files->rename("a", "b");
      REQUIRE_FALSE(renamed.ok());
      CHECK_FALSE(renamed.failure().passes);
      const auto later = take(store);
      const bool done = fate == Fate::kUnanswered;
      CHECK(content(*later, done ? "b" : "a") == (done ? "b" : "a"));
      while (objects.has_late()) objects.apply_late();
      CHECK(content(*later, done ? "b" : "a") == (done ? "b" : "a"));
    }
  }

  TEST_CASE("a change that the store has no room for passes, and has changed nothing") {
    MemoryObjects objects;
    Fate next = Fate::kAnswered;
    HolderStore store(objects, [&](bool) { return std::exchange(next, Fate::kAnswered); });
    const auto files = take(store);
    created(*files, "a", "a");
    const auto before = objects.all();
    next = Fate::kRefused;
    const auto file = files->create("b");
    REQUIRE_FALSE(file.ok());
    CHECK(file.failure().passes);
    next = Fate::kRefused;
    const auto renamed = files->rename("a", "c");
    REQUIRE_FALSE(renamed.ok());
    CHECK(renamed.failure().passes);
    CHECK(objects.all() == before);
    CHECK(files->rename("a", "c").ok());
  }

  TEST_CASE("a name whose object is gone is gone in the log that is taken") {
    MemoryObjects objects;
    HolderStore store(objects);
    {
      const auto files = take(store);
      created(*files, "a", "a");
      created(*files, "b", "b");
    }
    auto all = objects.all();
    all.erase("3.16/0000000000000001.1");
    objects.set_all(all);
    const auto files = take(store);
    CHECK(files->list().value() == Names{"b"});
    CHECK_FALSE(objects.find("3.16/dir")->entries.contains("f/a"));
  }

  TEST_CASE("a log of another format is not taken, and one that others take again and again") {
    MemoryObjects objects;
    HolderStore store(objects);
    take(store);
    HolderStore slow(objects, [&](bool is_change) {
      if (is_change) take(store);
      return Fate::kAnswered;
    });
    const auto busy = SharedFiles::take(slow, kLog, kId);
    REQUIRE_FALSE(busy.ok());
    CHECK(busy.failure().code == ErrorCode::kBusy);
    CHECK(busy.failure().passes);

    auto all = objects.all();
    all["3.16/dir"].entries["!format"] = "2";
    objects.set_all(all);
    const auto unknown = SharedFiles::take(store, kLog, kId);
    REQUIRE_FALSE(unknown.ok());
    CHECK(unknown.failure().code == ErrorCode::kCorrupt);
    CHECK(objects.all() == all);
  }
}

}  // namespace
}  // namespace anabranch::storage::test::shared_files_test
