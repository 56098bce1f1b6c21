// Differences of texts, and the recorder of changes.

#include "types/text_replacement.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "crdt/position.h"
#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::text_replacement_test {

using test::Random;
using types::TextReplacement;

namespace {

std::u32string random_text(Random& random, std::size_t size, std::u32string_view letters) {
  std::u32string text;
  for (std::size_t i = 0; i < size; ++i) text += letters[random.below(letters.size())];
  return text;
}

// Applies replacements; fails where they do not fit.
std::u32string applied(std::u32string text, const std::vector<TextReplacement>& all) {
  for (const TextReplacement& each : all) {
    const std::u32string erased = crdt::utf8_decoded(each.erased);
    REQUIRE(each.index <= text.size());
    CHECK(text.substr(each.index, erased.size()) == erased);
    CHECK(each.position ==
          types::units_of(crdt::utf8_encoded(text.substr(0, each.index)), TextUnit::kUtf16));
    text.replace(each.index, erased.size(), crdt::utf8_decoded(each.inserted));
  }
  return text;
}

std::size_t changed(const std::vector<TextReplacement>& all) {
  std::size_t characters = 0;
  for (const TextReplacement& each : all) {
    characters += crdt::utf8_decoded(each.erased).size();
    characters += crdt::utf8_decoded(each.inserted).size();
  }
  return characters;
}

// The fewest erased and inserted characters, by the table of all prefixes.
std::size_t fewest(const std::u32string& a, const std::u32string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = a[i - 1] == b[j - 1] ? corner : 1 + std::min(above, row[j - 1]);
      corner = above;
    }
  }
  return row[b.size()];
}

}  // namespace

TEST_SUITE("types: text replacements") {
  TEST_CASE("a difference turns one text into the other with the fewest characters") {
    Random random(test::seed());
    CAPTURE(test::seed());
    for (int round = 0; round < 3000; ++round) {
      const std::u32string_view letters = round % 2 == 0 ? U"ab" : U"abc\U0001F600\u00E9";
      const std::u32string before = random_text(random, random.below(24), letters);
      const std::u32string after = random_text(random, random.below(24), letters);
      const auto all = types::difference(before, after, TextUnit::kUtf16);
      CHECK(applied(before, all) == after);
      CHECK(changed(all) == fewest(before, after));
      std::u32string reverted = after;
      types::revert(reverted, all);
      CHECK(reverted == before);
    }
  }

  TEST_CASE("texts that have little in common are compared in time that grows with their length") {
    Random random(test::seed());
    CAPTURE(test::seed());
    const std::u32string before = random_text(random, 60'000, U"abcdefgh");
    const std::u32string after = random_text(random, 50'000, U"abcdefgh");
    const auto all = types::difference(before, after, TextUnit::kCodePoints);
    std::u32string reverted = after;
    types::revert(reverted, all);
    CHECK(reverted == before);
    CHECK(types::difference(before, U"", TextUnit::kCodePoints).size() == 1);
    CHECK(types::difference(before, before, TextUnit::kCodePoints).empty());
  }

  TEST_CASE("what is typed, corrected and typed over is one replacement") {
    crdt::TextOrder order;
    const std::string run =
        std::string(crdt::place_of(crdt::position_between("", "", {7, 1}))->run);
    order.add(run, "abcdef");
    types::TextRecorder recorder(order, TextUnit::kCodePoints);
    order.erase_at(3, 1);
    order.erase_at(2, 1);  // Backwards,
    order.erase_at(2, 1);  // and forwards.
    order.add(
        std::string(crdt::place_of(crdt::position_between(crdt::position_at({run, 1}),
                                                          crdt::position_at({run, 5}), {9, 1}))
                        ->run),
        "xyz");
    order.erase_at(3, 1);
    const auto all = recorder.take();
    REQUIRE(all.size() == 1);
    CHECK(all.front().index == 2);
    CHECK(all.front().erased == "cde");
    CHECK(all.front().inserted == "xz");
    CHECK(recorder.recorded().empty());
  }

  TEST_CASE("what a recorder has recorded is what has changed") {
    Random random(test::seed());
    CAPTURE(test::seed());
    for (int round = 0; round < 200; ++round) {
      crdt::TextOrder order;
      const auto text = [&] { return crdt::utf8_decoded(order.text(0, UINT32_MAX)); };
      const std::u32string before = text();
      types::TextRecorder recorder(order, TextUnit::kUtf16);
      for (core::Seq seq = 1; seq <= 20; ++seq) {
        const auto size = order.length().points;
        const auto at = static_cast<crdt::TextOrder::Index>(random.below(size + 1));
        if (random.chance(0.6)) {
          const auto left = at == 0 ? std::nullopt : order.place_at(at - 1);
          const auto right = order.place_at(at);
          const std::string first = crdt::position_between(left ? crdt::position_at(*left) : "",
                                                           right ? crdt::position_at(*right) : "",
                                                           {random.chance(0.5) ? 7U : 9U, seq});
          order.add(std::string(crdt::place_of(first)->run),
                    crdt::utf8_encoded(random_text(random, 1 + random.below(4), U"ab\U0001F600")));
        } else {
          order.erase_at(at, static_cast<crdt::TextOrder::Index>(random.below(size - at + 1)));
        }
      }
      const auto all = recorder.take();
      CHECK(applied(before, all) == text());
    }
  }
}

}  // namespace anabranch::text_replacement_test
