// Anchors, differences and authors of texts.

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string>
#include <vector>

#include "crdt/utf8.h"
#include "tests/crdt/random.h"
#include "tests/leader/store_world.h"
#include "tests/seed.h"

namespace anabranch::text_anchors_test {

using test::code_of;
using test::eventually;
using test::Random;
using test::store_options;
using test::TempDir;

namespace {

// An anchor, and the characters on both sides when it was made; each character is there once.
struct Anchored {
  std::string anchor;
  TextSide side;
  std::u32string before;
  std::u32string behind;
};

// Whether a place in a text lies between the characters between which it was, as far as they are
// still there, and at the one that its anchor belongs to, if that is.
bool is_right(const Anchored& anchored, const std::u32string& text, std::uint64_t position) {
  const auto is_before = [&](char32_t each) { return text.find(each) < position; };
  for (const char32_t each : anchored.before) {
    if (text.find(each) != std::u32string::npos && !is_before(each)) return false;
  }
  for (const char32_t each : anchored.behind) {
    if (text.find(each) != std::u32string::npos && is_before(each)) return false;
  }
  const bool in_front = anchored.side == TextSide::kBehind;
  const std::u32string& side = in_front ? anchored.behind : anchored.before;
  if (side.empty()) return position == (in_front ? text.size() : 0);
  const std::size_t own = text.find(in_front ? side.front() : side.back());
  return own == std::u32string::npos || position == (in_front ? own : own + 1);
}

}  // namespace

TEST_SUITE("leader: anchors of documents") {
  TEST_CASE("an anchor stays with its character, before and behind it, and where that was") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    Text text{store, "text"};
    document.insert(0, "abcdef");
    const std::string in_front_of_c = document.anchor(2);
    const std::string behind_b = document.anchor(2, TextSide::kBefore);
    const std::string begin = document.anchor(0, TextSide::kBefore);
    const std::string end = document.anchor(6);
    CHECK(std::ranges::all_of(in_front_of_c, [](unsigned char each) {
      return std::isalnum(each) != 0 || each == '-' || each == '_';
    }));
    document.insert(2, "XY");  // abXYcdef
    CHECK(document.position(in_front_of_c) == 4);
    CHECK(document.position(behind_b) == 2);
    CHECK(text.position(in_front_of_c) == 4);
    CHECK(text.anchor(4) == in_front_of_c);
    document.erase(3, 2);  // abXdef
    CHECK(document.position(in_front_of_c) == 3);
    document.erase(1, 1);  // aXdef
    CHECK(document.position(behind_b) == 1);
    document.insert(5, "g");
    document.insert(0, "_");
    CHECK(document.position(begin) == 0);
    CHECK(document.position(end) == 7);
    document.clear();
    CHECK(document.position(in_front_of_c) == 0);
    document.insert(0, "new");
    CHECK(document.position(end) == 3);
    CHECK(document.position(begin) == 0);
  }

  TEST_CASE("an anchor of an edit names what is inserted at it, in the units of the text") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text", TextUnit::kUtf16};
    std::string cursor;
    document.edit([&](TextEdit& edit) {
      edit.insert(0, "\xF0\x9F\x98\x80 there");
      edit.insert(3, "over ");
      cursor = edit.anchor(8);
      edit.insert(0, "\xF0\x9F\x98\x80");
      CHECK(edit.position(cursor) == 10);
    });
    CHECK(document.str() == "\xF0\x9F\x98\x80\xF0\x9F\x98\x80 over there");
    CHECK(document.position(cursor) == 10);
    CHECK(TextDocument(store, "text").position(cursor) == 8);
    document.edit([&](TextEdit& edit) { edit.insert(edit.position(cursor), "t"); });
    CHECK(document.read(document.position(cursor), 5) == "there");
  }

  TEST_CASE("what is no anchor is refused") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    document.insert(0, "abc");
    const std::string anchor = document.anchor(1);
    for (const std::string& bad :
         {std::string(), std::string("x"), anchor.substr(1), anchor + "A", anchor + "=",
          anchor.substr(0, anchor.size() - 1), "b\xFF" + anchor, std::string("b!!!!"),
          std::string(2000, 'b')}) {
      CAPTURE(bad);
      std::string message;
      CHECK(code_of([&] { (void)document.position(bad); }, &message) == ErrorCode::kInvalid);
      CHECK(message ==
            "this is no anchor of a text: give back what anchor() has returned, unchanged");
    }
    CHECK(code_of([&] { (void)document.anchor(4); }) == ErrorCode::kInvalid);
    CHECK(document.position(anchor) == 1);
  }

  TEST_CASE("in three regions, and after restarts, anchors are at one place, the right one") {
    Random random(test::seed());
    CAPTURE(test::seed());
    const TempDir folder;
    std::vector<Anchored> anchors;
    std::u32string text;
    std::vector<std::uint64_t> positions;
    {
      Store eu = Store::open(test::listening(folder, "eu"));
      Store us = Store::open(test::dialling(folder, "us", eu));
      Store ap = Store::open(test::dialling(folder, "ap", eu));
      std::vector<std::unique_ptr<TextDocument>> documents;
      for (Store* const each : {&eu, &us, &ap}) {
        documents.push_back(std::make_unique<TextDocument>(*each, "text"));
      }
      char32_t next = 0x4E00;
      for (int round = 0; round < 150; ++round) {
        TextDocument& document = *documents[random.below(3)];
        document.edit([&](TextEdit& edit) {
          const std::uint64_t at = random.below(edit.size() + 1);
          if (random.chance(0.7)) {
            std::u32string word;
            for (std::size_t i = 1 + random.below(4); i > 0; --i) word += next++;
            edit.insert(at, crdt::utf8_encoded(word));
          } else {
            edit.erase(at, std::min<std::uint64_t>(random.below(6), edit.size() - at));
          }
        });
        if (random.chance(0.5)) {
          document.edit([&](TextEdit& edit) {
            const std::u32string now = crdt::utf8_decoded(edit.read(0, edit.size()));
            const std::uint64_t at = random.below(now.size() + 1);
            const TextSide side = random.chance(0.5) ? TextSide::kBefore : TextSide::kBehind;
            anchors.push_back({edit.anchor(at, side), side, now.substr(0, at), now.substr(at)});
          });
        }
        if (random.chance(0.1)) (void)eu.pause("us");
        if (random.chance(0.2)) (void)eu.resume("us");
      }
      (void)eu.resume("us");
      REQUIRE(eventually([&] {
        return documents[0]->str() == documents[1]->str() &&
               documents[0]->str() == documents[2]->str() &&
               Text(eu, "text").str() == Text(us, "text").str() &&
               Text(eu, "text").str() == documents[0]->str();
      }));
      text = crdt::utf8_decoded(documents[0]->str());
      for (const Anchored& each : anchors) {
        positions.push_back(documents[0]->position(each.anchor));
        CHECK(is_right(each, text, positions.back()));
        CHECK(documents[1]->position(each.anchor) == positions.back());
        CHECK(documents[2]->position(each.anchor) == positions.back());
      }
    }
    const Store again = Store::open(test::store_options(folder, "us"));
    TextDocument document{const_cast<Store&>(again), "text"};
    for (std::size_t i = 0; i < anchors.size(); ++i) {
      CHECK(document.position(anchors[i].anchor) == positions[i]);
    }
  }

  TEST_CASE("a text is replaced by another one with the fewest changes, so that anchors stay") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    document.insert(0, "The quick brown fox");
    const std::string brown = document.anchor(10);
    document.replace("A quick, brown foxhound");
    CHECK(document.str() == "A quick, brown foxhound");
    CHECK(document.read(document.position(brown), 5) == "brown");
    document.replace("");
    CHECK(document.size() == 0);
    Text{store, "text"}.replace("x\xF0\x9F\x98\x80");
    CHECK(eventually([&] { return document.size() == 2; }));
    CHECK(code_of([&] { document.replace("\xFF"); }) == ErrorCode::kInvalid);
    CHECK(document.size() == 2);
    Random random(test::seed());
    CAPTURE(test::seed());
    for (int round = 0; round < 50; ++round) {
      std::string whole;
      for (std::size_t i = random.below(30); i > 0; --i) whole += "abc \n"[random.below(5)];
      document.replace(whole);
      CHECK(document.str() == whole);
      CHECK(Text(store, "text").str() == whole);
    }
  }

  TEST_CASE("each character has the region in which it was inserted, in all regions") {
    const TempDir folder;
    Store eu = Store::open(test::listening(folder, "eu"));
    Store us = Store::open(test::dialling(folder, "us", eu));
    TextDocument here{eu, "text"};
    TextDocument there{us, "text", TextUnit::kUtf16};
    here.insert(0, "Hello");
    REQUIRE(eventually([&] { return there.size() == 5; }));
    there.insert(5, " \xF0\x9F\x98\x80");
    there.insert(0, ">");
    REQUIRE(eventually([&] { return here.size() == 8; }));
    here.insert(8, "!");
    REQUIRE(eventually([&] { return there.size() == 10; }));
    using Authors = std::vector<TextAuthor>;
    CHECK(here.authors(0, 99) == Authors{{0, 1, "us"}, {1, 5, "eu"}, {6, 2, "us"}, {8, 1, "eu"}});
    CHECK(there.authors(0, 99) == Authors{{0, 1, "us"}, {1, 5, "eu"}, {6, 3, "us"}, {9, 1, "eu"}});
    CHECK(here.authors(2, 2) == Authors{{2, 2, "eu"}});
    CHECK(here.authors(9, 1).empty());
    CHECK(code_of([&] { (void)here.authors(10, 1); }) == ErrorCode::kInvalid);
  }
}

}  // namespace anabranch::text_anchors_test
