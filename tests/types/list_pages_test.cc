// Pages of lists, parts by index, and copies of maps: their contents and the rows that they read.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <anabranch/handles.h>

#include "leader/scopes/group_scope.h"
#include "leader/scopes/lent_scope.h"
#include "rows/snapshot_reader.h"
#include "tests/crdt/random.h"
#include "tests/leader/store_world.h"
#include "tests/node.h"
#include "tests/seed.h"

namespace anabranch::list_pages_test {

using test::code_of;
using test::Node;
using test::Random;
using test::store_options;
using test::TempDir;
using Words = std::vector<std::string>;

namespace {

// Counts the rows that are read, and those that a scan visits.
class CountingReader final : public rows::RowReader {
 public:
  explicit CountingReader(const rows::RowReader& below) : below_(below) {}

  [[nodiscard]] crdt::Row row(const core::Path& path) const override {
    ++rows_;
    return below_.row(path);
  }
  void scan(const core::PathRange& range, Hidden hidden, const Visit& visit) const override {
    below_.scan(range, hidden, [&](const core::Path& path, const crdt::Row& row) {
      ++rows_;
      return visit(path, row);
    });
  }
  [[nodiscard]] std::uint64_t count(const core::Path& path) const override {
    return below_.count(path);
  }
  [[nodiscard]] rows::StoredTags stored_tags(const core::Path& place) const override {
    return below_.stored_tags(place);
  }
  [[nodiscard]] std::optional<std::string> score_at(std::string_view key) const override {
    return below_.score_at(key);
  }
  [[nodiscard]] std::unique_ptr<storage::Cursor> scan_scores(
      const storage::KeyRange& range) const override {
    return below_.scan_scores(range);
  }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  const rows::RowReader& below_;
  mutable std::uint64_t rows_ = 0;
};

// Returns the rows that a function reads in the newest state of a region.
std::uint64_t rows_read(Node& node, const std::function<void(const Scope&)>& function) {
  const rows::Resolvers resolvers({});
  const auto newest = rows::SnapshotReader::newest(node.storage(), node.names());
  const CountingReader counting(newest);
  const leader::View view(counting, node.names(), resolvers);
  function(*leader::Loan<leader::LentRead>(view));
  return counting.rows();
}

template <typename List>
Words in_pages(const List& list, std::size_t at_most) {
  Words all;
  std::string place;
  for (;;) {
    auto page = list.page(place, at_most);
    CHECK(page.elements.size() <= at_most);
    std::ranges::move(page.elements, std::back_inserter(all));
    place = page.place;
    if (!page.more) return all;
    CHECK(page.elements.size() == at_most);
  }
}

Words part(const Words& all, std::size_t first, std::size_t count) {
  const std::size_t begin = std::min(first, all.size());
  const std::size_t end = begin + std::min(count, all.size() - begin);
  return {all.begin() + static_cast<std::ptrdiff_t>(begin),
          all.begin() + static_cast<std::ptrdiff_t>(end)};
}

}  // namespace

TEST_SUITE("types: list pages") {
  TEST_CASE("pages and parts together are the list, however it was made") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Random random(test::seed());
    CAPTURE(test::seed());
    List<> list{store, "list"};
    ItemList items{store, "items"};
    CHECK(in_pages(list, 3).empty());
    store.transact([&](Transaction& txn) {
      List<> inner{txn, "list"};
      ItemList containers{txn, "items"};
      for (int step = 0; step < 400; ++step) {
        const std::size_t size = inner.size();
        const double what = random.unit();
        if (what < 0.5 || size == 0) {
          inner.insert(random.below(size + 1), std::to_string(step));
          containers.insert(random.below(size + 1));
        } else if (what < 0.8) {
          inner.move(random.below(size), random.below(size));
          containers.move(containers.ids(random.below(size), 1).front(), random.below(size));
        } else {
          inner.erase(random.below(size));
          containers.erase(containers.ids(random.below(size), 1).front());
        }
      }
    });
    const Words all = list.elements();
    const Words ids = items.ids();
    REQUIRE(all.size() == list.size());
    for (const std::size_t size : {1U, 2U, 7U, 1000U}) {
      CHECK(in_pages(list, size) == all);
      CHECK(in_pages(items, size) == ids);
    }
    for (int i = 0; i < 50; ++i) {
      const std::size_t first = random.below(all.size() + 2);
      const std::size_t count = random.below(all.size() + 2);
      CHECK(list.elements(first, count) == part(all, first, count));
    }
    CHECK(list.elements(UINT64_MAX, UINT64_MAX).empty());
  }

  TEST_CASE("a page goes on at its place, whatever has become of the element there") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    List<> list{store, "list"};
    for (const char* each : {"a", "b", "c", "d"}) list.push_back(each);
    const ListPage<std::string> first = list.page({}, 2);
    CHECK(first.elements == Words{"a", "b"});
    CHECK(first.more);
    list.move(1, 3);  // [a c d b]
    list.push_front("new");
    CHECK(list.page(first.place, 9).elements == Words{"c", "d", "b"});
    list.erase(4);
    ListPage<std::string> rest = list.page(first.place, 9);
    CHECK(rest.elements == Words{"c", "d"});
    CHECK_FALSE(rest.more);
    // The end of the list, where more is expected.
    const ListPage<std::string> end = list.page(rest.place);
    CHECK(end.elements.empty());
    CHECK(end.place == rest.place);
    list.push_back("e");
    CHECK(list.page(end.place).elements == Words{"e"});
    const ListPage<std::string> none = list.page({}, 0);
    CHECK(none.elements.empty());
    CHECK(none.more);

    std::string message;
    CHECK(code_of([&] { (void)list.page("no place"); }, &message) == ErrorCode::kInvalid);
    CHECK(message == "\"no place\" is no place in the list list: give back the place of a page");
    CHECK(code_of([&] { (void)ItemList(store, "list").page(); }) == ErrorCode::kWrongType);
  }

  TEST_CASE("a page in the middle of a long list reads as few rows as the first one") {
    static constexpr std::uint64_t kElements = 20'000;
    Node node("eu", 1);
    {
      const rows::Resolvers resolvers({});
      const Options limits;
      leader::GroupScope scope(node.replica(), resolvers, limits);
      scope.atomically([](Scope& txn) {
        List<int> list{txn, "list"};
        for (std::uint64_t i = 0; i < kElements; ++i) list.push_back(static_cast<int>(i));
      });
      REQUIRE(node.replica().commit().ok());
    }
    const std::uint64_t whole = rows_read(node, [](const Scope& scope) {
      CHECK(ListReader<int>(scope, "list").elements().size() == kElements);
    });
    std::string place;
    std::uint64_t pages = 0;
    std::uint64_t most = 0;
    for (bool more = true; more;) {
      const std::uint64_t read = rows_read(node, [&](const Scope& scope) {
        const ListPage<int> page = ListReader<int>(scope, "list").page(place, 100);
        place = page.place;
        more = page.more;
      });
      pages += read;
      most = std::max(most, read);
    }
    CHECK(most < 110);
    CHECK(pages < whole + whole / 10);
    // By index it reads all that is in front, or behind.
    CHECK(rows_read(node, [](const Scope& scope) {
            CHECK(ListReader<int>(scope, "list").elements(kElements - 150, 100).size() == 100);
          }) < 160);
  }

  TEST_CASE("a copy of a map has the fields of one state, with the values of its registers") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Map map{store, "map"};
    CHECK(map.entries().empty());
    map.at<Register<>>("name").put("ada");
    map.at<Counter>("visits").add(41);
    map.at<Set<>>("tags").insert("math");
    map.at<Map>("within").at<Register<>>("x").put("y");
    const MapReader reader{std::as_const(store), "map"};
    Words words;
    for (const auto& [field, type, value] : reader.entries()) {
      map.erase(field);  // The copy stays as it was.
      words.push_back(field + " " + std::string(to_string(type)) + " " + value.value_or("-"));
    }
    CHECK(words == Words{"name string ada", "tags set -", "visits string 41", "within hash -"});
    CHECK(reader.entries().empty());

    for (const char* field : {"a", "b", "c"}) map.at<Register<int>>(field).put(7);
    const auto numbers = reader.entries<int>(Span::after("a"), 1);
    REQUIRE(numbers.size() == 1);
    CHECK(numbers.front().field == "b");
    CHECK(numbers.front().value == 7);
    map.at<Register<>>("d").put("word");
    CHECK(code_of([&] { (void)reader.entries<int>(); }) == ErrorCode::kWrongType);
    Set<>{store, "set"}.insert("x");
    CHECK(code_of([&] { (void)MapReader(store, "set").entries(); }) == ErrorCode::kWrongType);
  }
}

}  // namespace anabranch::list_pages_test
