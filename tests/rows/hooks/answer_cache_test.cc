// The answers of hooks that are kept: bounded, and found by hook and input.

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "rows/hooks/answer_cache.h"

using namespace anabranch;
using rows::AnswerCache;
using rows::HookInput;

namespace {

AnswerCache::Key key_of(std::string_view name, std::string_view key = "k") {
  HookInput input;
  input.key = key;
  input.siblings = {{.value = "1"}, {.value = "2"}};
  return AnswerCache::key(name, input);
}

}  // namespace

TEST_SUITE("rows: answer cache") {
  TEST_CASE("an answer is found for its hook and input only") {
    AnswerCache cache(7);
    CHECK(cache.find(key_of("f")) == nullptr);
    cache.keep(key_of("f"), "answer");
    REQUIRE(cache.find(key_of("f")) != nullptr);
    CHECK(*cache.find(key_of("f")) == "answer");
    CHECK(cache.find(key_of("g")) == nullptr);
    CHECK(cache.find(key_of("f", "other")) == nullptr);
    CHECK(key_of("fk", "") != key_of("f", "k"));
    const AnswerCache::Figures figures = cache.figures();
    CHECK(figures.hits == 2);
    CHECK(figures.misses == 3);
    CHECK(figures.bytes == AnswerCache::kEntryBytes + key_of("f").size() + 6);
  }

  TEST_CASE("that a hook has declined is an answer, too") {
    AnswerCache cache(7);
    cache.keep(key_of("f"), std::nullopt);
    REQUIRE(cache.find(key_of("f")) != nullptr);
    CHECK_FALSE(cache.find(key_of("f"))->has_value());
  }

  TEST_CASE("the cache never has more bytes than it may, and keeps what was used lately") {
    constexpr std::size_t kBytes = 100'000;
    AnswerCache cache(7, kBytes);
    cache.keep(key_of("f", "used"), "used");
    for (int i = 0; i < 2000; ++i) {
      cache.keep(key_of("f", std::to_string(i)), std::string(100, 'x'));
      CHECK(cache.figures().bytes <= kBytes);
      CHECK(cache.find(key_of("f", "used")) != nullptr);
    }
    CHECK(cache.figures().bytes > kBytes / 2);
    CHECK(cache.find(key_of("f", "1999")) != nullptr);
    CHECK(cache.find(key_of("f", "0")) == nullptr);
  }

  TEST_CASE("an answer that would take more than a quarter of the room is not kept") {
    AnswerCache cache(7, 10'000);
    cache.keep(key_of("f"), std::string(2'300, 'x'));
    CHECK(cache.find(key_of("f")) == nullptr);
    CHECK(cache.figures().bytes == 0);
    cache.keep(key_of("f"), std::string(2'000, 'x'));
    CHECK(cache.find(key_of("f")) != nullptr);
  }

  TEST_CASE("a long question is found by a hash of 32 bytes, and apart from all others") {
    AnswerCache cache(7);
    const std::string one(5000, 'x');
    std::string other = one;
    other.back() = 'y';
    CHECK(key_of("f", one).size() == 33);
    CHECK(key_of("f", one) == key_of("f", one));
    CHECK(key_of("f", one) != key_of("f", other));
    CHECK(key_of("f", one) != key_of("g", one));
    cache.keep(key_of("f", one), "one");
    CHECK(cache.find(key_of("f", other)) == nullptr);
    CHECK(*cache.find(key_of("f", one)) == "one");
  }

  TEST_CASE("threads that share the cache find the answers to their questions") {
    AnswerCache cache(7, 20'000);
    std::atomic<int> wrong = 0;
    const auto work = [&](int first) {
      for (int i = 0; i < 5000; ++i) {
        const std::string name = std::to_string((first + i) % 200);
        if (const auto kept = cache.find(key_of("f", name)); kept && *kept != name) ++wrong;
        cache.keep(key_of("f", name), name);
        if (const auto kept = cache.find(key_of("f", name)); kept && *kept != name) ++wrong;
      }
    };
    std::thread other(work, 100);
    work(0);
    other.join();
    CHECK(wrong == 0);
    CHECK(cache.figures().hits > 0);
  }
}
