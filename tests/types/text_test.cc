// Texts on a store: the effects, refusals and rows of each call, and documents that stay open while
// others write.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <anabranch/anabranch.h>

#include "tests/crdt/random.h"
#include "tests/leader/store_world.h"
#include "tests/seed.h"

namespace anabranch::text_test {

using test::code_of;
using test::eventually;
using test::Random;
using test::store_options;
using test::TempDir;

namespace {

const std::vector<std::u32string> kWords{U"a",      U"type",        U"\u00E9t\u00E9",
                                         U"\u20AC", U"\U0001F600!", U"some more words"};

std::string utf8(const std::u32string& text) {
  std::string bytes;
  for (const char32_t c : text) {
    const auto put = [&](char32_t byte) { bytes.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xC0 | (c >> 6U)), put(0x80 | (c & 0x3FU));
    } else if (c < 0x10000) {
      put(0xE0 | (c >> 12U)), put(0x80 | ((c >> 6U) & 0x3FU)), put(0x80 | (c & 0x3FU));
    } else {
      put(0xF0 | (c >> 18U)), put(0x80 | ((c >> 12U) & 0x3FU));
      put(0x80 | ((c >> 6U) & 0x3FU)), put(0x80 | (c & 0x3FU));
    }
  }
  return bytes;
}

// The position of an index in UTF-16.
std::uint64_t unit_at(const std::u32string& text, std::size_t index) {
  std::uint64_t units = 0;
  for (const char32_t c : text.substr(0, index)) units += c < 0x10000 ? 1 : 2;
  return units;
}

// Random edits, of the text and of a model of it.
void edit_at_random(TextEdit& edit, std::u32string& model, Random& random, TextUnit unit) {
  const auto position = [&](std::size_t index) {
    return unit == TextUnit::kUtf16 ? unit_at(model, index) : index;
  };
  std::size_t cursor = random.below(model.size() + 1);
  for (std::size_t left = 1 + random.below(6); left > 0; --left) {
    if (random.chance(0.3)) cursor = random.below(model.size() + 1);
    if (random.chance(0.6)) {
      const std::u32string& word = random.pick(kWords);
      edit.insert(position(cursor), utf8(word));
      model.insert(cursor, word);
      cursor += word.size();
    } else {
      const std::size_t count = std::min(cursor, 1 + random.below(6));
      cursor -= count;
      edit.erase(position(cursor), position(cursor + count) - position(cursor));
      model.erase(cursor, count);
    }
    CHECK(edit.size() == position(model.size()));
  }
}

std::size_t rows_of(const Store& store) { return test::shown(store).size(); }

}  // namespace

TEST_SUITE("types: text") {
  TEST_CASE("a text does by position what a string of characters does, in either unit") {
    Random random(test::seed());
    CAPTURE(test::seed());
    for (const TextUnit unit : {TextUnit::kCodePoints, TextUnit::kUtf16}) {
      const TempDir folder;
      Store store = Store::open(store_options(folder, "eu"));
      Text text{store, "text", unit};
      TextDocument document{store, "text", unit};
      std::u32string model;
      for (int step = 0; step < 150; ++step) {
        const auto function = [&](TextEdit& edit) { edit_at_random(edit, model, random, unit); };
        random.chance(0.3) ? text.edit(function) : document.edit(function);
        CHECK(text.str() == utf8(model));
        CHECK(eventually([&] { return document.str() == utf8(model); }));
        CHECK(document.size() == text.size());
        const std::size_t at = random.below(model.size() + 1);
        const std::size_t end = at + random.below(model.size() - at + 1);
        const std::uint64_t from = unit == TextUnit::kUtf16 ? unit_at(model, at) : at;
        const std::uint64_t to = unit == TextUnit::kUtf16 ? unit_at(model, end) : end;
        CHECK(document.read(from, to - from) == utf8(model.substr(at, end - at)));
      }
      text.erase(0, text.size());
      CHECK(rows_of(store) == 0);
      CHECK(store.type("text") == Type::kNone);
      CHECK(eventually([&] { return document.size() == 0; }));
    }
  }

  TEST_CASE("what is typed in one transaction is one row, corrections and all") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Text text{store, "text"};
    text.edit([](TextEdit& edit) {
      for (int i = 0; i < 20; ++i) edit.insert(edit.size(), "x");
      edit.erase(10, 10);
      edit.insert(5, "-");
      edit.erase(0, 1);
    });
    CHECK(text.str() == "xxxx-xxxxx");
    CHECK(rows_of(store) == 1);
    text.edit([](TextEdit& edit) {
      for (std::uint64_t at : {4, 3, 2}) edit.erase(at, 1);
    });
    text.erase(1, 1);
    CHECK(text.str() == "xxxxxx");
    CHECK(rows_of(store) == 2);  // The run, and one part that is deleted.
    text.edit([](TextEdit& edit) {
      edit.insert(0, "gone");
      edit.erase(0, 4);
    });
    CHECK(rows_of(store) == 2);
  }

  TEST_CASE("positions outside, halves of characters and what is no UTF-8 are refused") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    Text text{store, "text"};
    text.insert(0, "a\xF0\x9F\x98\x80");
    std::string message;
    CHECK(code_of([&] { text.insert(3, "x"); }, &message) == ErrorCode::kInvalid);
    CHECK(message == "the text text has no position 3, its size is 2");
    CHECK(code_of([&] { text.erase(1, 2); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { text.erase(1, UINT64_MAX); }) == ErrorCode::kInvalid);
    CHECK(code_of([&] { Text(store, "text", TextUnit::kUtf16).insert(2, "x"); }, &message) ==
          ErrorCode::kInvalid);
    CHECK(message == "the position 2 of the text text is within a character");
    CHECK(code_of([&] { text.insert(0, "\xFF"); }, &message) == ErrorCode::kInvalid);
    CHECK(message == "what is inserted into the text text is no valid UTF-8");
    CHECK(text.size() == 2);
    CHECK(Text(store, "text", TextUnit::kUtf16).size() == 3);
    CHECK(code_of([&] { List<>(store, "text").push_back("x"); }) == ErrorCode::kWrongType);
    List<>{store, "list"}.push_back("x");
    CHECK(code_of([&] { (void)Text(store, "list").str(); }) == ErrorCode::kWrongType);
    CHECK(code_of([&] { TextDocument(store, "list"); }) == ErrorCode::kWrongType);
    CHECK(TextDocument(store, Key(1, "text")).size() == 0);
  }

  TEST_CASE("an edit that throws changes nothing, in open documents neither") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    document.insert(0, "ab");
    struct Undo {};
    CHECK_THROWS_AS(document.edit([](TextEdit& edit) {
      edit.insert(1, "x");
      edit.erase(0, 1);
      throw Undo{};
    }),
                    Undo);
    CHECK(document.str() == "ab");
    CHECK(Text(store, "text").str() == "ab");
    document.insert(2, "c");
    CHECK(document.str() == "abc");
  }

  TEST_CASE("an open document survives a clear, a removal of its key and one of all keys") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    const Key key = Key("map").field("text");
    TextDocument document{store, key};
    Text text{store, key};
    document.insert(0, "ab");
    text.insert(2, "cd");
    CHECK(eventually([&] { return document.str() == "abcd"; }));
    text.clear();
    CHECK(eventually([&] { return document.size() == 0; }));
    document.insert(0, "x");
    Map{store, "map"}.clear();
    CHECK(eventually([&] { return document.size() == 0; }));
    document.insert(0, "y");
    store.clear(Key::all(0));
    CHECK(eventually([&] { return document.size() == 0; }));
    document.insert(0, "z");
    document.clear();
    CHECK(document.str() == "");
    document.insert(0, "last");
    CHECK(text.str() == "last");
  }

  TEST_CASE("long pastes are cut into runs, and are one text") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    std::string paste;
    for (int i = 0; i < 30'000; ++i) paste += std::to_string(i);
    TextDocument document{store, "text"};
    document.insert(0, paste);
    document.insert(70'000, paste);
    document.erase(70'000, paste.size());
    CHECK(document.str() == paste);
    CHECK(Text(store, "text").str() == paste);
    CHECK(rows_of(store) < 12);
  }

  TEST_CASE("documents that two regions keep open come to one text") {
    const TempDir folder;
    Store eu = Store::open(test::listening(folder, "eu"));
    Store us = Store::open(test::dialling(folder, "us", eu));
    TextDocument here{eu, "text"};
    TextDocument there{us, "text"};
    here.insert(0, "The quick brown fox");
    CHECK(eventually([&] { return there.size() == 19; }));
    for (int round = 0; round < 30; ++round) {
      here.edit([](TextEdit& edit) { edit.insert(edit.size() / 2, "here"); });
      there.edit([](TextEdit& edit) { edit.insert(edit.size() / 2, "there"); });
      here.edit([](TextEdit& edit) { edit.erase(edit.size() / 3, 3); });
      there.edit([](TextEdit& edit) { edit.erase(edit.size() / 3, 4); });
    }
    CHECK(eventually([&] { return here.str() == there.str(); }));
    CHECK(eventually([&] { return Text(eu, "text").str() == Text(us, "text").str(); }));
    CHECK(eventually([&] { return here.str() == Text(eu, "text").str(); }));
  }
}

}  // namespace anabranch::text_test
