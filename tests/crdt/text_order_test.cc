// The order of a text against one that keeps every character in a sorted map, and UTF-8.

#include "crdt/text_order.h"

#include <doctest/doctest.h>

#include <malloc.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::text_order_test {

using crdt::TextOrder;
using test::Random;

namespace {

const std::vector<std::string> kLetters{"a", "b", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};

// Every character at its position.
struct Model {
  std::map<std::string, std::string> letters;

  [[nodiscard]] std::string text() const {
    std::string all;
    for (const auto& [position, letter] : letters) all += letter;
    return all;
  }
  [[nodiscard]] std::string position(std::size_t index) const {
    return index < letters.size() ? std::next(letters.begin(), static_cast<long>(index))->first
                                  : std::string();
  }
  void check(const TextOrder& order) const {
    CHECK(order.text(0, UINT32_MAX) == text());
    CHECK(order.length().points == letters.size());
    TextOrder::Index unit = 0;
    TextOrder::Index index = 0;
    for (const auto& [position, letter] : letters) {
      CHECK(order.index_of_unit(unit) == index);
      CHECK(crdt::position_at(*order.place_at(index)) == position);
      if (letter.size() == 4) CHECK_FALSE(order.index_of_unit(++unit));
      ++unit;
      ++index;
    }
    CHECK(order.index_of_unit(unit) == index);
    CHECK(order.length().units == unit);
    CHECK_FALSE(order.index_of_unit(unit + 1));
    CHECK_FALSE(order.place_at(index));
  }
};

// The memory of this process that is in use.
std::size_t allocated() {
  const auto all = mallinfo2();
  return all.uordblks + all.hblkhd;
}

}  // namespace

TEST_SUITE("crdt: text_order") {
  TEST_CASE("runs in any order, deleted in parts, are what their characters are") {
    Random random(test::seed());
    CAPTURE(test::seed());
    for (int round = 0; round < 60; ++round) {
      struct Written {
        std::string run;
        std::vector<std::string> letters;
      };
      Model model;
      std::vector<Written> written;
      for (core::Seq seq = 1; seq <= 40; ++seq) {  // All that is ever written, and where.
        const std::size_t at = random.below(model.letters.size() + 1);
        const std::string left = at == 0 ? "" : model.position(at - 1);
        const std::string first =
            crdt::position_between(left, model.position(at), {random.chance(0.5) ? 7U : 9U, seq});
        Written run{std::string(crdt::place_of(first)->run), {}};
        for (std::size_t i = 1 + random.below(5); i > 0; --i) {
          run.letters.push_back(random.pick(kLetters));
          model.letters[crdt::position_at({run.run, run.letters.size() - 1})] = run.letters.back();
        }
        written.push_back(std::move(run));
      }
      model.letters.clear();
      TextOrder order;
      while (!written.empty()) {
        const std::size_t which = random.below(written.size());
        const Written run = written[which];
        written.erase(written.begin() + static_cast<long>(which));
        std::string text;
        for (std::size_t i = 0; i < run.letters.size(); ++i) {
          text += run.letters[i];
          model.letters[crdt::position_at({run.run, i})] = run.letters[i];
        }
        order.add(run.run, text);
        CHECK(order.shows(run.run));
        if (random.chance(0.4)) {
          const auto start = static_cast<TextOrder::Index>(random.below(run.letters.size()));
          const auto count = static_cast<TextOrder::Index>(random.below(6));
          order.erase({run.run, start, count});
          for (TextOrder::Index i = start; i < start + count; ++i) {
            model.letters.erase(crdt::position_at({run.run, i}));
          }
        }
        if (random.chance(0.3)) {
          const std::size_t at = random.below(model.letters.size() + 1);
          const std::size_t count = random.below(model.letters.size() - at + 1);
          order.erase_at(static_cast<TextOrder::Index>(at), static_cast<TextOrder::Index>(count));
          const auto from = std::next(model.letters.begin(), static_cast<long>(at));
          model.letters.erase(from, std::next(from, static_cast<long>(count)));
        }
        model.check(order);
      }
    }
  }

  TEST_CASE("an order made of all runs at once is the one that is made of them one by one") {
    Random random(test::seed());
    CAPTURE(test::seed());
    for (int round = 0; round < 40; ++round) {
      TextOrder one_by_one;
      std::map<std::string, std::string> runs;  // By the position of the first element.
      for (core::Seq seq = 1; seq <= 60; ++seq) {
        const auto size = one_by_one.length().points;
        const auto at = static_cast<TextOrder::Index>(random.below(size + 1));
        const auto right = one_by_one.place_at(at);
        const std::string first = crdt::position_between(
            at == 0 ? "" : crdt::position_at(*one_by_one.place_at(at - 1)),
            right ? crdt::position_at(*right) : "", {random.chance(0.5) ? 7U : 9U, seq});
        std::string text;
        for (std::size_t i = 1 + random.below(6); i > 0; --i) text += random.pick(kLetters);
        runs[first] = text;
        one_by_one.add(crdt::place_of(first)->run, text);
      }
      TextOrder::Builder builder;
      for (const auto& [first, text] : runs) {
        const std::string run(crdt::place_of(first)->run);
        builder.add(run, text);
        CHECK(builder.shows_last());
        const TextOrder::Index points = crdt::utf8_length(text)->points;
        if (random.chance(0.3)) {
          builder.hide(2, 1);
          builder.hide(1, 2);
          one_by_one.erase({run, 1, 2});
          CHECK(builder.shows_last());
        }
        if (random.chance(0.1)) {
          builder.hide(0, points);
          one_by_one.erase({run, 0, points});
          CHECK_FALSE(builder.shows_last());
        }
      }
      const TextOrder at_once = builder.finish();
      CHECK(at_once.text(0, UINT32_MAX) == one_by_one.text(0, UINT32_MAX));
      CHECK(at_once.length() == one_by_one.length());
      for (TextOrder::Index i = 0; i < at_once.length().points; ++i) {
        CHECK(crdt::position_at(*at_once.place_at(i)) ==
              crdt::position_at(*one_by_one.place_at(i)));
        CHECK(at_once.index_of(*at_once.place_at(i)) == i);
      }
    }
  }

  TEST_CASE("letters that were typed alone, at random places, take less than 30 bytes each") {
    Random random(test::seed());
    CAPTURE(test::seed());
    constexpr std::size_t kLettersTyped = 50'000;
    const std::size_t before = allocated();
    TextOrder order;
    for (core::Seq seq = 1; seq <= kLettersTyped; ++seq) {
      const auto at = static_cast<TextOrder::Index>(random.below(order.length().points + 1));
      const auto right = order.place_at(at);
      const std::string first =
          crdt::position_between(at == 0 ? "" : crdt::position_at(*order.place_at(at - 1)),
                                 right ? crdt::position_at(*right) : "", {7, seq});
      order.add(crdt::place_of(first)->run, "x");
    }
    const double bytes = static_cast<double>(allocated() - before) / kLettersTyped;
    MESSAGE(bytes << " bytes for each letter");
    CHECK(bytes < 30);
    CHECK(order.length().points == kLettersTyped);
    while (order.length().points > 10) {
      const auto at = static_cast<TextOrder::Index>(random.below(order.length().points - 5));
      order.erase_at(at, static_cast<TextOrder::Index>(1 + random.below(std::min<std::size_t>(
                                                               order.length().points - at, 90))));
    }
    CHECK(allocated() < before + 7 * kLettersTyped);  // The table of leaves keeps its room.
  }

  TEST_CASE("a run that is being written grows and shrinks in the middle") {
    TextOrder order;
    order.add(
        "\xFF"
        "12345678\x81\x80",
        "ab");
    order.add(
        "\xFF"
        "12345678\x81\x81",
        "xy");
    order.write_into(2, 1, "\xE2\x82\xAC--");  // In front of y.
    CHECK(order.text(0, 9) == "abx\xE2\x82\xAC--y");
    order.write_into(0, 2, "c");
    CHECK(order.text(0, 9) == "abcx\xE2\x82\xAC--y");
    order.unwrite(3, 1, 2);
    CHECK(order.text(0, 9) == "abcx-y");
    CHECK(order.length() == crdt::TextLength{6, 6});
  }

  TEST_CASE("a run that has grown or shrunk is shown until its last character is deleted") {
    const std::string run =
        "\xFF"
        "12345678\x81\x80";
    TextOrder order;
    order.add(run, "ab");
    order.write_into(0, 2, "cd");
    order.unwrite(0, 3, 1);
    order.erase_at(0, 2);
    CHECK(order.shows(run));
    CHECK(order.text(0, 9) == "c");
    order.erase_at(0, 1);
    CHECK_FALSE(order.shows(run));
    CHECK(order.length() == crdt::TextLength{});
  }

  TEST_CASE("text that has come and gone takes no room, and what stays is the same") {
    TextOrder order;
    std::string last;
    core::Seq seq = 0;
    const auto next_run = [&] {
      return std::string(crdt::place_of(crdt::position_between(last, "", {7, ++seq}))->run);
    };
    for (const char* const word : {"one ", "two ", "three "}) {
      const std::string run = next_run();
      last = crdt::position_at({run, std::string_view(word).size() - 1});
      order.add(run, word);
      ++seq;  // The next is a run of its own.
    }
    const std::string page(10'000, 'x');
    const auto come_and_go = [&](int times) {
      for (int i = 0; i < times; ++i) {
        order.add(next_run(), page);
        order.erase_at(14, 10'000);
        order.write_into(0, 1, page);
        order.write_into(10'004, 1, "y");
        order.unwrite(0, 1, 10'000);
        order.unwrite(4, 1, 1);
      }
    };
    come_and_go(20);
    const std::size_t before = allocated();
    come_and_go(500);
    CHECK(allocated() < before + (1 << 20));
    for (int i = 0; i < 50'000; ++i) {  // Nor do the pieces take room.
      order.add(next_run(), "x");
      order.erase_at(14, 1);
    }
    CHECK(allocated() < before + (1 << 20));
    CHECK(order.text(0, UINT32_MAX) == "one two three ");
    CHECK(order.length() == crdt::TextLength{14, 14});
  }

  TEST_CASE("only valid UTF-8 has a length") {
    CHECK(crdt::utf8_length("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") == crdt::TextLength{4, 5});
    CHECK(crdt::utf8_length("") == crdt::TextLength{});
    for (const std::string bad : {"\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF",
                                  "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                                  "\xF5\x80\x80\x80", "\xE2\x82", "\xE2\x28\xA1", "a\xFF"}) {
      CHECK_FALSE(crdt::utf8_length(bad));
    }
    CHECK(crdt::utf8_length("\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF") == crdt::TextLength{3, 4});
  }
}

}  // namespace anabranch::text_order_test
