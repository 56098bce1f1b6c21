#include "core/path.h"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

#include "core/hash.h"
#include "core/path_parts.h"
#include "tests/seed.h"

namespace anabranch::core::path_test {
namespace {

// Every byte string of up to `size_max` bytes over the bytes that matter.
std::vector<std::string> small_strings(std::size_t size_max) {
  constexpr std::string_view kAlphabet("\x00\x01\x02\x61\xFF", 5);
  std::vector<std::string> all = {""};
  for (std::size_t from = 0, size = 0; size < size_max; ++size) {
    const std::size_t to = all.size();
    for (std::size_t i = from; i < to; ++i) {
      for (const char byte : kAlphabet) all.push_back(all[i] + byte);
    }
    from = to;
  }
  return all;
}

// Lists of components, compared as lists of unsigned bytes (std::string does).
std::vector<Components> small_lists() {
  std::vector<Components> lists = {{}};
  const std::vector<std::string> two = small_strings(2);
  for (const std::string& a : small_strings(3)) lists.push_back({a});
  for (const std::string& a : two) {
    for (const std::string& b : small_strings(1)) {
      lists.push_back({a, b});
      lists.push_back({b, a, b});
    }
  }
  return lists;
}

bool begins_with(const Components& list, const Components& prefix) {
  return prefix.size() <= list.size() && std::equal(prefix.begin(), prefix.end(), list.begin());
}

Components random_list(std::mt19937_64& rng) {
  Components list(rng() % 4);
  for (std::string& component : list) {
    component.resize(rng() % 6);
    for (char& byte : component) byte = static_cast<char>(rng() % 4 == 0 ? rng() : rng() % 3 - 1);
  }
  return list;
}

// Whether prefix, order and range of the encodings are those of the lists.
bool agrees(const Components& a, const Components& b) {
  const Path left = Path::of(a);
  const Path right = Path::of(b);
  const bool below = left.encoded() <= right.encoded() &&
                     (left.empty() || right.encoded() < prefix_end(left.encoded()));
  return (left <=> right) == (a <=> b) && (left == right) == (a == b) &&
         left.is_prefix_of(right) == begins_with(b, a) && below == begins_with(b, a);
}

TEST_SUITE_BEGIN("core: path");

TEST_CASE("paths have the bytes of the format") {
  CHECK(Path{"a"}.encoded() == std::string("a\x00\x01", 3));
  CHECK(Path{std::string_view("a\0", 2)}.encoded() == std::string("a\x00\xFF\x00\x01", 5));
  CHECK(Path{"a", "b"}.encoded() == std::string("a\x00\x01"
                                                "b\x00\x01",
                                                6));
  CHECK(Path{""}.encoded() == std::string("\x00\x01", 2));
  CHECK(Path().encoded().empty());
  const std::vector<std::string_view> views = {"a", "b"};
  CHECK(Path::of(views) == Path{"a", "b"});
}

TEST_CASE("the order of encodings is the order of lists, and a prefix of components is a range") {
  const std::vector<Components> lists = small_lists();
  std::size_t wrong = 0;
  for (const Components& a : lists) {
    for (const Components& b : lists) wrong += agrees(a, b) ? 0 : 1;
  }
  CHECK(lists.size() > 400);
  CHECK(wrong == 0);
}

TEST_CASE("the order of encodings is the order of lists for random lists too") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (int i = 0; i < 20'000; ++i) {
    const Components a = random_list(rng);
    Components b = random_list(rng);
    if (rng() % 2 == 0) b.insert(b.begin(), a.begin(), a.end());
    CHECK(agrees(a, b));
  }
}

TEST_CASE("components come back, with parent, last and child") {
  for (const Components& list : small_lists()) {
    const Path path = Path::of(list);
    REQUIRE(path.components() == list);
    core::Components used{"of", "another", "path", "before"};
    core::split_path(path.encoded(), used);
    REQUIRE(used == list);
    std::size_t at = 0;
    for (const std::string& component : list) {
      const std::size_t behind = core::behind_component(path.encoded(), at);
      REQUIRE(behind != std::string_view::npos);
      CHECK(path.encoded().substr(at, behind - at) == Path{component}.encoded());
      at = behind;
    }
    CHECK(core::behind_component(path.encoded(), at) == std::string_view::npos);
    CHECK(path.child("x").parent() == path);
    CHECK(path.child("x").last() == "x");
    if (list.empty()) continue;
    CHECK(path.last() == list.back());
    CHECK(path.parent() == Path::of(Components(list.begin(), list.end() - 1)));
  }
}

TEST_CASE("a component of one byte that leads on is never overlooked, and hardly ever imagined") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  std::size_t leading = 0;
  const auto looks_right = [&](const Components& list) {
    const auto is_one = [](const std::string& each) { return each == "a"; };
    const bool leads = list.size() > 3 && std::any_of(list.begin() + 2, list.end() - 1, is_one);
    const bool nowhere = std::none_of(list.begin(), list.end(), is_one);
    leading += leads ? 1 : 0;
    const bool may = may_lead_through(Path::of(list).encoded(), 'a');
    return leads ? may : !may || !nowhere;
  };
  for (const Components& list : small_lists()) CHECK(looks_right(list));
  for (int i = 0; i < 20'000; ++i) {
    Components list = random_list(rng);
    if (rng() % 2 == 0)
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(rng() % (list.size() + 1)), "a");
    list.push_back(std::string(rng() % 3, 'a'));
    REQUIRE(looks_right(list));
  }
  CHECK(leading > 100);
}

TEST_CASE("exactly the encodings are taken from outside") {
  std::size_t taken = 0;
  for (const std::string& bytes : small_strings(6)) {
    const auto path = Path::from_encoded(bytes);
    if (!path.ok()) {
      CHECK(path.failure().code == ErrorCode::kCorrupt);
      continue;
    }
    ++taken;
    CHECK(path.value().encoded() == bytes);
    CHECK(Path::of(path.value().components()).encoded() == bytes);
  }
  CHECK(taken > 100);
  for (const Components& list : small_lists()) {
    CHECK(Path::from_encoded(Path::of(list).encoded()).ok());
  }
  CHECK_FALSE(Path::from_encoded("a").ok());
  CHECK_FALSE(Path::from_encoded(std::string_view("a\x00", 2)).ok());
  CHECK_FALSE(Path::from_encoded(std::string_view("a\x00\xFF", 3)).ok());
  CHECK_FALSE(Path::from_encoded(std::string_view("a\x00\x02", 3)).ok());
  CHECK_FALSE(Path::from_encoded(std::string_view("a\x00\x00\x01", 4)).ok());
}

TEST_CASE("a path of 480 bytes is its own key, one of 481 is stored by hash") {
  const Path direct{std::string(478, 'k')};
  REQUIRE(direct.encoded().size() == 480);
  CHECK_FALSE(is_hashed(direct));
  CHECK(row_key(direct) == direct.encoded());
  CHECK_FALSE(is_hashed_key(row_key(direct)));

  const Path hashed{std::string(479, 'k')};
  REQUIRE(hashed.encoded().size() == 481);
  CHECK(is_hashed(hashed));
  const auto hash = path_hash(hashed.encoded());
  const std::string key =
      std::string(448, 'k') + std::string("\x00\x02", 2) + std::string(hash.begin(), hash.end());
  CHECK(row_key(hashed) == key);
  CHECK(is_hashed_key(key));
}

TEST_CASE("a path of 64 KiB has a short key of its own") {
  const std::string big(65536, 'k');
  const std::string key = row_key(Path{big});
  CHECK(key.size() == 466);
  CHECK(key != row_key(Path{big + "k"}));
  CHECK(key != row_key(Path{big, ""}));
}

TEST_CASE("a direct key never looks like a hashed one, also where 448 bytes cut an escape") {
  for (std::size_t size = 440; size <= 456; ++size) {
    for (const std::string& middle : small_strings(4)) {
      const std::string head = std::string(size, 'k') + middle;
      if (head.size() > 464) continue;
      const Path path{head + std::string(464 - head.size(), '\x02')};
      if (!is_hashed(path)) CHECK_FALSE(is_hashed_key(row_key(path)));
      const Path zeros{std::string(size, 'k'), middle, std::string(200, '\0')};
      CHECK(is_hashed(zeros));
      CHECK(is_hashed_key(row_key(zeros)));
    }
  }
}

TEST_CASE("keys of paths that differ within 448 bytes are in path order, hashed or not") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (int i = 0; i < 2000; ++i) {
    const std::string stem(rng() % 3, 'k');
    const Path a{stem + std::string(1, static_cast<char>(rng())), std::string(rng() % 600, 'x')};
    const Path b{stem + std::string(1, static_cast<char>(rng())), std::string(rng() % 600, 'x')};
    const std::string_view head_a = std::string_view(a.encoded()).substr(0, Path::kHashedPrefix);
    const std::string_view head_b = std::string_view(b.encoded()).substr(0, Path::kHashedPrefix);
    if (head_a == head_b || head_a.starts_with(head_b) || head_b.starts_with(head_a)) continue;
    CHECK((a < b) == (row_key(a) < row_key(b)));
  }
}

TEST_CASE("the end of a prefix is the smallest string above all that start with it") {
  CHECK(prefix_end("a") == "b");
  CHECK(prefix_end("a\xFF\xFF") == "b");
  CHECK(prefix_end("\xFF").empty());
  CHECK(prefix_end("").empty());
  const std::vector<std::string> all = small_strings(3);
  for (const std::string& prefix : small_strings(2)) {
    const std::string end = prefix_end(prefix);
    for (const std::string& text : all) {
      const bool in_range = text >= prefix && (end.empty() || text < end);
      CHECK(in_range == text.starts_with(prefix));
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core::path_test
