// The bytes of entries of the conflict log.

#include <doctest/doctest.h>

#include <string>

#include "core/text.h"
#include "rows/conflicts/conflict_entry.h"

namespace anabranch::conflict_entry_test {

using rows::ConflictEntry;
using rows::ConflictKind;
using rows::decode_conflict;
using rows::encode_conflict;

namespace {

ConflictEntry example() {
  ConflictEntry entry;
  entry.note.path = {"\1", "k", "s"};
  entry.note.by = {0xab, 17};
  entry.note.by_time = core::Hlc::of(1000, 2);
  entry.note.values = {
      {.dot = {0xab, 17}, .hlc = core::Hlc::of(1000, 2), .value = "hi", .base = "b"},
      {.dot = {0xac, 3}, .hlc = core::Hlc::of(999, 0), .value = "", .base = {}}};
  entry.logged = core::Hlc::of(2000, 0);
  entry.policy = "max";
  entry.prefix = "k";
  entry.shown = {0xab, 17};
  return entry;
}

}  // namespace

TEST_SUITE("rows: entries of the conflict log") {
  TEST_CASE("an entry decodes to what was encoded") {
    ConflictEntry entry = example();
    CHECK(decode_conflict(encode_conflict(entry)).value() == entry);
    entry.note.kind = ConflictKind::kReplaced;
    entry.note.by = {};
    entry.shown = {};
    entry.note.values.clear();
    CHECK(decode_conflict(encode_conflict(entry)).value() == entry);
  }

  TEST_CASE("an entry says how many of its values were put again") {
    ConflictEntry entry = example();
    entry.put_again = 1;
    CHECK(decode_conflict(encode_conflict(entry)).value() == entry);
    entry.put_again = 3;
    CHECK_FALSE(decode_conflict(encode_conflict(entry)).ok());
  }

  TEST_CASE("the bytes are those of docs/formats.md") {
    CHECK(core::to_hex(encode_conflict(example())) ==
          "9b01c409010001"
          "6b00017300"
          "01ccab11ce03e80002ce07d00000a36d6178c4016bccab11"
          "9accab11ce03e80002c4026869c40162ccac03ce03e70000c400c0");
  }

  TEST_CASE("elements of newer versions are skipped, and damaged bytes are refused") {
    std::string bytes = encode_conflict(example());
    bytes[0] = static_cast<char>(0x9d);
    const std::string again(1, '\0');
    CHECK(decode_conflict(bytes + again + "\x05").value() == example());
    CHECK_FALSE(decode_conflict(bytes + again).ok());
    CHECK_FALSE(decode_conflict(bytes).ok());
    CHECK_FALSE(decode_conflict("").ok());
    CHECK_FALSE(decode_conflict(encode_conflict(example()) + "x").ok());
  }
}

}  // namespace anabranch::conflict_entry_test
