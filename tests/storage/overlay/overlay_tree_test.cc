// A tree has what a std::map has, in each version that is held, whatever the order of keys.

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/overlay/overlay_tree.h"
#include "tests/seed.h"
#include "tests/storage/overlay/keys.h"

namespace anabranch::storage::test::overlay_tree_test {
namespace {

using TreeModel = std::map<std::string, std::optional<std::string>, std::less<>>;

OverlayKey at(std::string_view key) { return {Table::kRows, key}; }

// Checks what an inner node knows of entries with the same head.
void check_alike(const OverlayInner& inner) {
  for (std::size_t i = 0; i + 1 < inner.count; ++i) {
    if (inner.heads[i] != inner.heads[i + 1]) continue;
    const std::size_t alike = inner.alike[i];
    REQUIRE(inner.alike[i + 1] == alike);
    REQUIRE(inner.seconds[i] <= inner.seconds[i + 1]);
    const std::string_view one = inner.entries[i]->key();
    const std::string_view other = inner.entries[i + 1]->key();
    REQUIRE(std::min(one.size(), other.size()) >= alike);
    REQUIRE(one.substr(0, alike) == other.substr(0, alike));
    REQUIRE(inner.seconds[i] == OverlayKey::of(one).word_behind(alike));
  }
}

// Returns the keys below a node in order, and checks what a tree promises about its nodes.
void collect(const OverlayNode& node, std::vector<const OverlayEntry*>& entries) {
  for (std::size_t i = 0; i + 1 < node.count; ++i) {
    REQUIRE(node.entries[i]->key() < node.entries[i + 1]->key());
    REQUIRE(node.heads[i] <= node.heads[i + 1]);
  }
  for (std::size_t i = 0; i < node.count; ++i) {
    const std::string_view key = node.entries[i]->key();
    REQUIRE(key.substr(0, node.shared) == node.entries[0]->key().substr(0, node.shared));
    const auto copied = std::min<std::size_t>(node.shared, OverlayNode::kPrefixMax);
    REQUIRE(key.starts_with(std::string_view(node.prefix.data(), copied)));
  }
  for (std::size_t i = node.count; i < OverlayNode::kWidth; ++i) {
    REQUIRE(node.heads[i] == OverlayNode::kNoHead);
  }
  if (node.leaf) {
    entries.insert(entries.end(), node.entries.begin(), node.entries.begin() + node.count);
    return;
  }
  const auto& inner = static_cast<const OverlayInner&>(node);
  check_alike(inner);
  for (std::size_t i = 0; i <= inner.count; ++i) {
    const std::size_t from = entries.size();
    REQUIRE(inner.children[i]->build <= inner.build);
    collect(*inner.children[i], entries);
    REQUIRE(entries.size() > from);
    if (i > 0) REQUIRE(inner.entries[i - 1]->key() <= entries[from]->key());
    if (i < inner.count) REQUIRE(entries.back()->key() < inner.entries[i]->key());
  }
}

void check(OverlayRoot root, const TreeModel& model) {
  std::vector<const OverlayEntry*> entries;
  if (root.node() != nullptr) collect(*root.node(), entries);
  REQUIRE(entries.size() == model.size());
  auto expected = model.begin();
  for (const OverlayEntry* each : entries) {
    REQUIRE(each->key().substr(1) == expected->first);
    REQUIRE(each->value() == expected->second);
    REQUIRE(root.find(at(expected->first)) == each);
    const std::string behind = expected->first + '\0';
    REQUIRE((root.find(at(behind)) != nullptr) == model.contains(behind));
    const auto next = model.lower_bound(behind);
    const OverlayEntry* const found = root.at_or_after(at(behind));
    REQUIRE((found != nullptr) == (next != model.end()));
    if (found != nullptr) REQUIRE(found->key().substr(1) == next->first);
    REQUIRE(root.at_or_after(at(expected->first)) == each);
    ++expected;
  }
}

struct KeptVersion {
  std::uint64_t number;
  OverlayRoot root;
  TreeModel model;
};

TEST_SUITE("storage: overlay") {
  TEST_CASE("a tree and the versions of it that are held have what they should") {
    for (const KeyOrder order : kKeyOrders) {
      CAPTURE(static_cast<int>(order));
      std::mt19937_64 random(anabranch::test::seed());
      Keys keys(order, random());
      OverlayTree tree;
      TreeModel model;
      std::deque<KeptVersion> kept;
      const int groups = anabranch::test::long_run() ? 2'000 : 150;
      for (std::uint64_t number = 1; number <= static_cast<std::uint64_t>(groups); ++number) {
        for (std::uint64_t puts = random() % 120; puts > 0; --puts) {
          const std::string key = keys.next();
          std::optional<std::string> value;
          if (random() % 4 != 0) value = std::string(random() % 60, static_cast<char>(number));
          tree.put(at(key), value);
          model[key] = value;
        }
        CHECK(tree.keys() == model.size());
        const OverlayRoot root = tree.publish(number);
        if (random() % 8 == 0) kept.push_back({number, root, model});
        if (kept.size() > 5 || (random() % 10 == 0 && !kept.empty())) kept.pop_front();
        tree.reclaim(kept.empty() ? number : kept.front().number);
        if (number % 10 != 0) continue;
        check(root, model);
        for (const KeptVersion& each : kept) check(each.root, each.model);
      }
      check(tree.newest(), model);
    }
  }

  TEST_CASE("a key that is not there is not found, between others or beyond them") {
    OverlayTree tree;
    CHECK(tree.newest().find(at("a")) == nullptr);
    CHECK(tree.newest().at_or_after(at("a")) == nullptr);
    for (int i = 100; i < 900; i += 2) tree.put(at("k" + std::to_string(i)), "v");
    for (int i = 99; i < 902; i += 2) {
      CHECK(tree.newest().find(at("k" + std::to_string(i))) == nullptr);
    }
    CHECK(tree.newest().find(at("k")) == nullptr);
    CHECK(tree.newest().find(at("")) == nullptr);
    CHECK(tree.newest().find(at("z")) == nullptr);
    CHECK(tree.newest().find(at("k1000")) == nullptr);
    CHECK(tree.newest().at_or_after(at("z")) == nullptr);
    CHECK(tree.newest().at_or_after({Table::kMeta, ""}) == nullptr);
    CHECK(tree.newest().at_or_after(at(""))->key().substr(1) == "k100");
  }

  TEST_CASE("a full inner node is split wherever the child lies that was split") {
    constexpr std::size_t kWidth = OverlayNode::kWidth;
    for (std::size_t child = 0; child <= kWidth; ++child) {
      CAPTURE(child);
      OverlayTree tree;
      TreeModel model;
      const auto put = [&](const std::string& key) {
        tree.put(at(key), key);
        model[key] = key;
      };
      for (std::size_t i = 0; i < kWidth * (kWidth + 1); ++i) put(std::to_string(10'000 + i));
      const OverlayNode* const root = tree.newest().node();
      REQUIRE_FALSE(root->leaf);
      REQUIRE(root->count == kWidth);
      put(std::to_string(10'000 + child * kWidth + kWidth / 2) + "+");
      REQUIRE(tree.newest().node() != root);
      check(tree.newest(), model);
    }
  }

  TEST_CASE("keys that come in ascending order fill their nodes, also the inner ones") {
    OverlayTree tree;
    for (int i = 0; i < 300'000; ++i) tree.put(at(std::to_string(1'000'000 + i)), "");
    // All but the last one of each level.
    std::size_t looked = 0;
    std::vector<const OverlayNode*> level{tree.newest().node()};
    while (!level.front()->leaf) {
      std::vector<const OverlayNode*> below;
      for (const OverlayNode* node : level) {
        const auto& inner = static_cast<const OverlayInner&>(*node);
        below.insert(below.end(), inner.children.begin(), inner.children.begin() + inner.count + 1);
        if (node == level.back()) continue;
        REQUIRE(node->count >= OverlayNode::kWidth - 1);
        ++looked;
      }
      level = std::move(below);
    }
    CHECK(looked > 100);
    level.pop_back();
    for (const OverlayNode* leaf : level) REQUIRE(leaf->count == OverlayNode::kWidth);
  }

  TEST_CASE("a removed key is found, as removed, and can be set again") {
    OverlayTree tree;
    tree.put(at("a"), "1");
    tree.put(at("a"), std::nullopt);
    REQUIRE(tree.newest().find(at("a")) != nullptr);
    CHECK(tree.newest().find(at("a"))->removed());
    tree.put(at("a"), "");
    CHECK(tree.newest().find(at("a"))->value() == "");
    CHECK(tree.keys() == 1);
  }

  TEST_CASE("keys that are written again and again need no more memory") {
    OverlayTree tree;
    std::uint64_t number = 0;
    const auto write_all = [&] {
      for (int i = 0; i < 2'000; ++i) {
        tree.put(at("key:" + std::to_string(i)), std::string(100, 'x'));
        if (i % 20 != 0) continue;
        (void)tree.publish(++number);
        tree.reclaim(number);
      }
    };
    write_all();
    write_all();
    const std::uint64_t before = tree.allocated();
    for (int i = 0; i < 20; ++i) write_all();
    CHECK(tree.allocated() <= before + OverlayMemory::kChunkBytes);
  }

  TEST_CASE("what a held version has stays, and is reclaimed in slices later") {
    OverlayTree tree;
    for (int i = 0; i < 5'000; ++i) tree.put(at("key:" + std::to_string(i)), "old");
    const OverlayRoot held = tree.publish(1);
    for (std::uint64_t number = 2; number < 100; ++number) {
      for (int i = 0; i < 5'000; i += 10) tree.put(at("key:" + std::to_string(i)), "new");
      (void)tree.publish(number);
      tree.reclaim(1);
    }
    CHECK(held.find(at("key:10"))->value() == "old");
    CHECK(tree.newest().find(at("key:10"))->value() == "new");
    const std::size_t retired = tree.retired();
    tree.reclaim(99);
    CHECK(tree.retired() < retired);
    CHECK(tree.retired() > retired / 2);  // Not all at once.
    while (tree.retired() > 0) tree.reclaim(99);
    CHECK(tree.newest().find(at("key:10"))->value() == "new");
  }

  TEST_CASE("a tree is released in slices") {
    OverlayTree tree;
    for (int i = 0; i < 20'000; ++i) tree.put(at("key:" + std::to_string(i)), "value");
    int slices = 1;
    while (tree.release(1)) ++slices;
    CHECK(slices > 3);
    CHECK(tree.allocated() == 0);
    CHECK(tree.keys() == 0);
  }
}

}  // namespace
}  // namespace anabranch::storage::test::overlay_tree_test
