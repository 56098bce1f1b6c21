// Errors in programs that use the embedded store: they do not compile, or they throw
// Error{kInvalid} with a sentence. None of them loses data silently, hangs or crashes.

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include "tests/leader/store_world.h"

namespace anabranch::misuse_test {

using test::code_of;
using test::store_options;
using test::TempDir;

namespace {

using Word = Register<std::string>;

// ---- Errors that do not compile.

template <typename Handle, typename Value>
concept Puts = requires(Handle handle, Value value) {
  handle.put(value);
};
template <typename Handle, typename Value>
concept Adds = requires(Handle handle, Value value) {
  handle.add(value);
};
template <typename Handle, typename Value>
concept Inserts = requires(Handle handle, Value value) {
  handle.insert(value);
};
template <typename Handle, typename Value>
concept Erases = requires(Handle handle, Value value) {
  handle.erase(value);
};
template <typename Handle, typename Value>
concept Pushes = requires(Handle handle, Value value) {
  handle.push_back(value);
};
template <typename Handle, typename Value>
concept Sets = requires(Handle handle, Value value) {
  handle.set(0, value);
};
template <typename Handle, typename Value>
concept Ranks = requires(Handle handle, Value value) {
  handle.put(value, 1.5);
};

static_assert(Adds<Counter, int> && Adds<Counter, std::size_t> && Adds<RealCounter, double>);
static_assert(!Adds<Counter, double> && !Adds<Counter, float> && !Adds<Counter, bool>);
static_assert(Puts<Register<bool>, bool> && !Puts<Register<bool>, const char*>);
static_assert(!Puts<Register<bool>, int> && !Puts<Register<bool>, double>);
static_assert(Puts<Register<int>, short> && !Puts<Register<int>, double>);
static_assert(Puts<Register<double>, int> && Puts<Word, const char*>);
static_assert(Inserts<Set<int>, int> && !Inserts<Set<int>, double>);
static_assert(Inserts<RemoveWinsSet<bool>, bool> && !Inserts<RemoveWinsSet<bool>, const char*>);
static_assert(Erases<Set<int>, int> && !Erases<Set<int>, double>);
static_assert(Pushes<List<int>, int> && !Pushes<List<int>, double>);
static_assert(Sets<List<bool>, bool> && !Sets<List<bool>, const char*>);
static_assert(Ranks<SortedSet<int>, int> && !Ranks<SortedSet<int>, double>);

static_assert(std::is_convertible_v<const char*, Key> && std::is_convertible_v<std::string, Key>);
static_assert(std::is_convertible_v<std::string_view, Key>);
static_assert(!std::is_constructible_v<Key, std::nullptr_t>);
static_assert(!std::is_constructible_v<Key, std::uint8_t, std::nullptr_t>);
static_assert(!std::is_constructible_v<Key, int>);
template <typename Name>
concept NamesField = requires(Key key, Name name) {
  key.field(name);
};
static_assert(NamesField<const char*> && NamesField<std::string> && !NamesField<std::nullptr_t>);

// Enums where a bool would say nothing; the old forms are gone.
template <typename Lost>
concept Retires = requires(Store store, Lost lost) {
  store.retire("us", lost);
};
template <typename Adopted>
concept GivesWay = requires(Store store, Adopted adopted) {
  store.resolve_fork("0123456789abcdef", adopted);
};
template <typename End>
concept RanksFrom = requires(SortedSet<int> set, End end) {
  set.range_by_rank(0, 9, end);
};
template <typename End>
concept RankedFrom = requires(const Scope& scope, const Key& row, End end) {
  scope.rank(row, end);
};
static_assert(Retires<Loss> && !Retires<bool> && !Retires<int> && !Retires<Adopt>);
static_assert(GivesWay<Adopt> && !GivesWay<bool> && !GivesWay<int> && !GivesWay<Loss>);
static_assert(RanksFrom<RankFrom> && !RanksFrom<bool> && !RanksFrom<int>);
static_assert(RankedFrom<RankFrom> && !RankedFrom<bool> && !RankedFrom<int>);

// ---- Forked processes.

// Runs the function in a forked process. Returns whether it was true there, within time.
bool in_child(const std::function<bool()>& function) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      ::_exit(function() ? 0 : 1);
    } catch (...) {
      ::_exit(2);
    }
  }
  int status = -1;
  const bool ended = test::eventually([&] { return ::waitpid(child, &status, WNOHANG) == child; });
  if (!ended) {
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
  }
  return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_refused(const std::function<void()>& function) {
  std::string message;
  return code_of(function, &message) == ErrorCode::kInvalid &&
         message.find("opened by process " + std::to_string(::getppid())) != std::string::npos;
}

// Takes the lines of the log while it lives.
class Lines {
 public:
  Lines() {
    set_log_sink([this](LogLevel /*level*/, std::string_view /*region*/, std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    });
  }
  ~Lines() { set_log_sink({}); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  // The number of lines that contain a text.
  [[nodiscard]] std::ptrdiff_t about(const std::string& text) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::count_if(
        lines_, [&](const std::string& line) { return line.find(text) != line.npos; });
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace

TEST_SUITE("leader: misuse") {
  TEST_CASE("an integer that the values' type cannot hold is refused, and never another one") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    constexpr std::int64_t kLarge = std::int64_t{1} << 40U;
    Register<int> small{store, "small"};
    Register<std::uint64_t> natural{store, "natural"};
    small.put(7L);
    natural.put(7);
    CHECK(small.get() == 7);
    CHECK(natural.get() == 7);
    std::string message;
    CHECK(code_of([&] { small.put(kLarge); }, &message) == ErrorCode::kInvalid);
    CHECK(message == "small holds integers of 32 bits, and 1099511627776 is outside of them");
    CHECK(code_of([&] { small.put(UINT32_MAX); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { natural.put(-1); }, &message) == ErrorCode::kInvalid);
    CHECK(message == "natural holds integers of 64 bits, none below 0, and -1 is outside of them");
    CHECK(small.get() == 7);
    CHECK(natural.get() == 7);

    Set<int> set{store, "set"};
    RemoveWinsSet<int> strict{store, "strict"};
    SortedSet<int> sorted{store, "sorted"};
    List<int> list{store, "list"};
    CHECK(set.insert(7L));
    CHECK(set.contains(7L));
    CHECK(strict.insert(7L));
    CHECK(sorted.put(7L, 1));
    list.push_back(7L);
    const std::vector<std::function<void()>> mistakes = {
        [&] { set.insert(kLarge); },         [&] { set.erase(kLarge); },
        [&] { (void)set.contains(kLarge); }, [&] { strict.insert(kLarge); },
        [&] { strict.erase(kLarge); },       [&] { sorted.put(kLarge, 1); },
        [&] { sorted.add(kLarge, 1); },      [&] { sorted.erase(kLarge); },
        [&] { (void)sorted.score(kLarge); }, [&] { (void)sorted.contains(kLarge); },
        [&] { (void)sorted.rank(kLarge); },  [&] { (void)sorted.rank_from_end(kLarge); },
        [&] { list.push_back(kLarge); },     [&] { list.push_front(kLarge); },
        [&] { list.insert(0, kLarge); },     [&] { list.set(0, kLarge); }};
    for (const auto& each : mistakes) CHECK(code_of(each) == ErrorCode::kInvalid);
    CHECK(list.elements() == std::vector<int>{7});
    CHECK(set.elements() == std::vector<int>{7});
    CHECK(sorted.size() == 1);
  }

  TEST_CASE("a transaction used after its function throws, and so do handles made with it") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Transaction* kept = nullptr;
    std::unique_ptr<Word> handle;
    store.transact([&](Transaction& txn) {
      kept = &txn;
      handle = std::make_unique<Word>(txn, "k");
      handle->put("in time");
    });
    std::string message;
    CHECK(code_of([&] { Word{*kept, "k"}.put("late"); }, &message) == ErrorCode::kInvalid);
    CHECK(message.find("over") != std::string::npos);
    CHECK(code_of([&] { (void)Word{*kept, "k"}.get(); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { (void)kept->next_write(); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { (void)kept->type("k"); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { handle->put("late"); }, &message) == ErrorCode::kInvalid);
    CHECK(message.find("gone") != std::string::npos);
    // Nor does it write into a transaction that comes later.
    for (int i = 0; i < 300; ++i) {
      store.transact([&](Transaction& txn) {
        Counter{txn, "n"}.add(1);
        CHECK(code_of([&] { handle->put("late"); }) == ErrorCode::kInvalid);
      });
    }
    store.transact([&](Transaction&) {
      CHECK(code_of([&] { Word{*kept, "k"}.put("late"); }) == ErrorCode::kInvalid);
    });
    CHECK(Word{store, "k"}.get() == "in time");
    CHECK(Counter{store, "n"}.get() == 300);
  }

  TEST_CASE("read transactions and the scopes of atomically and at_once end with their function") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Word{store, "k"}.put("v");
    const Scope* reading = nullptr;
    store.read([&](ReadTransaction& txn) { reading = &txn; });
    CHECK(code_of([&] { (void)reading->count(Key::all(0)); }) == ErrorCode::kInvalid);
    store.at_once([&](const Scope& scope) { reading = &scope; });
    CHECK(code_of([&] { (void)reading->type("k"); }) == ErrorCode::kInvalid);
    Scope* writing = nullptr;
    store.atomically([&](Scope& scope) {
      scope.atomically([&](Scope& nested) { writing = &nested; });
      Word{*writing, "k"}.put("w");  // One transaction, and it goes on.
    });
    CHECK(code_of([&] { Word{*writing, "k"}.put("x"); }) == ErrorCode::kInvalid);
    CHECK_THROWS_AS(store.transact([&](Transaction& txn) {
      writing = &txn;
      throw std::logic_error("mine");
    }),
                    std::logic_error);
    CHECK(code_of([&] { Word{*writing, "k"}.put("x"); }) == ErrorCode::kInvalid);
    CHECK(Word{store, "k"}.get() == "w");
  }

  TEST_CASE("a transaction used by another thread throws there") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Word{store, "k"}.put("v");
    std::string message;
    store.transact([&](Transaction& txn) {
      std::thread([&] {
        CHECK(code_of([&] { Word{txn, "k"}.put("w"); }, &message) == ErrorCode::kInvalid);
        CHECK(Word{store, "k"}.get() == "v");
      }).join();
    });
    CHECK(message.find("thread") != std::string::npos);
    store.read([&](ReadTransaction& txn) {
      std::thread([&] {
        CHECK(code_of([&] { (void)Word{txn, "k"}.get(); }) == ErrorCode::kInvalid);
      }).join();
    });
    CHECK(Word{store, "k"}.get() == "v");
  }

  TEST_CASE("transactions within transactions, on many threads, each have their own scope") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const std::function<void(int)> nested = [&](int depth) {
      store.read([&](ReadTransaction& txn) {
        if (depth > 0) nested(depth - 1);
        CHECK(txn.count(Key::all(0)) == 0);
      });
    };
    nested(100);
    for (int i = 0; i < 20; ++i) {
      std::thread([&] {
        store.transact([](Transaction& txn) { Counter{txn, "n"}.add(1); });
      }).join();
    }
    CHECK(Counter{store, "n"}.get() == 20);
  }

  TEST_CASE("handles of a session or a store that is gone throw") {
    const TempDir folder;
    auto store = std::unique_ptr<Store>(new Store(Store::open(store_options(folder, "eu"))));
    std::unique_ptr<Word> of_session;
    {
      Session session = store->session();
      of_session = std::make_unique<Word>(session, "k");
      of_session->put("v");
    }
    CHECK(code_of([&] { of_session->put("w"); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { (void)of_session->get(); }) == ErrorCode::kInvalid);
    Session session = store->session();
    Word of_store{*store, "k"};
    CHECK(of_store.get() == "v");
    store.reset();
    CHECK(code_of([&] { of_store.put("w"); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { Word(session, "k").put("w"); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { (void)session.token(); }) == ErrorCode::kInvalid);
  }

  TEST_CASE("a store that is destroyed within its own transaction stays open, and commits it") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    options.control = false;
    // In processes of their own: what stays open ends with them.
    CHECK(in_child([&] {
      const Lines lines;
      auto store = std::make_unique<Store>(Store::open(options));
      Word word{*store, "k"};
      store->transact([&](Transaction& txn) {
        Word{txn, "k"}.put("first");
        store.reset();
        Word{txn, "other"}.put("second");
        Word{txn, "k"}.put(Word{txn, "k"}.get().value() + " and third");
      });
      return lines.about("own transaction") == 1 &&
             code_of([&] { (void)word.get(); }) == ErrorCode::kInvalid &&
             code_of([&] { (void)Store::open(options); }) == ErrorCode::kBusy;
    }));
    CHECK(in_child([&] {
      const Lines lines;
      auto store = std::make_unique<Store>(Store::open(options));
      bool is_right = false;
      store->read([&](ReadTransaction& txn) {
        store.reset();
        is_right = Word{txn, "k"}.get() == "first and third";
      });
      return is_right && lines.about("own transaction") == 1;
    }));
    CHECK(in_child([&] {
      Store store = Store::open(options);
      Options other = store_options(folder, "us");
      store.transact([&](Transaction& txn) {
        store = Store::open(other);
        Word{txn, "last"}.put("v");
      });
      const bool is_other = store.status().region == "us" && !Word{store, "last"}.get();
      Word{store, "k"}.put("w");
      return is_other && Word{store, "k"}.get() == "w";
    }));
    Store store = Store::open(options);
    CHECK(Word{store, "other"}.get() == "second");
    CHECK(Word{store, "last"}.get() == "v");
  }

  TEST_CASE("a key of a null pointer throws, and one of a literal has all of its bytes") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const char* const nothing = nullptr;
    std::string message;
    CHECK(code_of([&] { Word(store, nothing).put("v"); }, &message) == ErrorCode::kInvalid);
    CHECK(message.find("null") != std::string::npos);
    CHECK(code_of([&] { (void)Key("k").field(nothing); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { (void)Key(1, nothing); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { (void)Map(store, "m").contains(nothing); }) == ErrorCode::kInvalid);
    CHECK(Key("a\0b") == Key(std::string("a\0b", 3)));
    CHECK(Key("a\0b") != Key("a"));
    CHECK(Key("k").field("a\0b") == Key("k").field(std::string("a\0b", 3)));
    char buffer[16] = "abc";
    CHECK(Key(buffer) == Key("abc"));
    const char* const pointer = buffer;
    CHECK(Key(pointer) == Key("abc"));
    Word{store, "a\0b"}.put("long");
    CHECK_FALSE(Word{store, "a"}.get());
    CHECK(store.count(Key::all(0)) == 1);
  }

  TEST_CASE("an amount beyond 64 bits is refused and not wrapped") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Counter count{store, "n"};
    CHECK(code_of([&] { count.add(std::uint64_t{1} << 63U); }) == ErrorCode::kInvalid);
    count.add(std::size_t{5});
    CHECK(count.get() == 5);
  }

  TEST_CASE("a path of more than 64 components is added to by nobody, and read and removed") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Key key = "deep";
    for (int level = 0; level < 30; ++level) key = key.field("f");
    Word{store, key}.put("the 63rd component");
    CHECK(Word{store, key}.get() == "the 63rd component");
    const Key deeper = key.field("f");
    CHECK(code_of([&] { Word{store, deeper}.put("no"); }) == ErrorCode::kTooLarge);
    CHECK(code_of([&] { Counter{store, deeper}.add(1); }) == ErrorCode::kTooLarge);
    CHECK(code_of([&] {
            Set<std::string>{store, key.field("\0\1\0")}.insert("no");
          }) == ErrorCode::kTooLarge);
    CHECK_FALSE(Word{store, deeper}.get());
    Word{store, deeper}.erase();
    store.clear(deeper);
    CHECK(Word{store, key}.get() == "the 63rd component");
  }

  TEST_CASE("in a forked process every call throws, and nothing hangs or aborts") {
    const TempDir folder;
    auto store = std::unique_ptr<Store>(new Store(Store::open(store_options(folder, "eu"))));
    auto session = std::unique_ptr<Session>(new Session(store->session()));
    auto document = std::make_unique<TextDocument>(*store, "text");
    auto watch = std::make_unique<Watch>(store->watch("", [](const Changes&) {}));
    Word word{*store, "k"};
    word.put("before");
    document->insert(0, "abc");
    CHECK(in_child([&] { return is_refused([&] { word.put("child"); }); }));
    CHECK(in_child([&] { return is_refused([&] { (void)word.get(); }); }));
    CHECK(in_child([&] { return is_refused([&] { store->transact([](Transaction&) {}); }); }));
    CHECK(in_child([&] { return is_refused([&] { (void)store->status(); }); }));
    CHECK(in_child([&] { return is_refused([&] { (void)store->token(); }); }));
    CHECK(in_child([&] { return is_refused([&] { (void)Word(*session, "k").get(); }); }));
    CHECK(in_child([&] { return is_refused([&] { document->insert(0, "x"); }); }));
    CHECK(in_child(
        [&] { return is_refused([&] { (void)store->watch("", [](const Changes&) {}); }); }));
    CHECK(in_child([&] {
      watch.reset();
      document.reset();
      session.reset();
      store.reset();
      return true;
    }));
    word.put("after");
    document->insert(3, "d");
    CHECK(document->str() == "abcd");
    CHECK(word.get() == "after");
  }

  TEST_CASE("a function that forks and returns in both processes commits in one") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    bool is_child = false;
    const auto forks = [&] {
      store.transact([&](Transaction& txn) {
        Word{txn, "k"}.put("once");
        const pid_t child = ::fork();
        is_child = child == 0;
        if (!is_child) {
          int status = -1;
          REQUIRE(test::eventually([&] { return ::waitpid(child, &status, WNOHANG) == child; }));
          CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
        }
      });
    };
    try {
      forks();
    } catch (const Error& error) {
      if (is_child) ::_exit(error.code() == ErrorCode::kInvalid ? 0 : 1);
      throw;
    }
    if (is_child) ::_exit(2);
    CHECK(Word{store, "k"}.get() == "once");
  }

  TEST_CASE("options that would only fail later are refused at once") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    const auto refusal = [&] {
      std::string message;
      CHECK(code_of([&] { (void)Store::open(options); }, &message) == ErrorCode::kInvalid);
      return message;
    };
    options.map_bytes = 1;
    CHECK(refusal().find("map_bytes") != std::string::npos);
    options.map_bytes = (std::size_t{64} << 20U) - 1;
    CHECK(refusal().find("64 MiB") != std::string::npos);
    options = store_options(folder, "eu");
    options.resolvers = {
        {"doc/", Resolver::max()}, {"a", Resolver::min()}, {"doc/", Resolver::lww()}};
    CHECK(refusal().find("\"doc/\" is there twice") != std::string::npos);
  }

  TEST_CASE("an address space that is too small for what is stored is refused") {
    const TempDir folder;
    Options options = store_options(folder, "eu");
    {
      Store store = Store::open(options);
      store.transact([](Transaction& txn) {
        for (int i = 0; i < 58; ++i) {
          Word{txn, std::to_string(i)}.put(std::string(std::size_t{1} << 20U, 'v'));
        }
      });
    }
    const auto refusal = [&](std::size_t map_mebibytes) {
      options.map_bytes = map_mebibytes << 20U;
      std::string message;
      CHECK(code_of([&] { (void)Store::open(options); }, &message) == ErrorCode::kInvalid);
      return message;
    };
    CHECK(refusal(64).find("map_bytes") != std::string::npos);
    // It fits, without the reserve of an eighth.
    CHECK(refusal(65).find("reserve") != std::string::npos);
    options.map_bytes = std::size_t{1} << 30U;
    CHECK(Store::open(options).count(Key::all(0)) == 58);
  }
}

}  // namespace anabranch::misuse_test
