#include "storage/wal/wal_record.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "storage/wal/sparse_index.h"
#include "storage/wal/wal_segment.h"

namespace anabranch::storage::test::wal_record_test {
namespace {

std::string record_at(std::uint64_t place) {
  const std::array<LogRecord, 2> batches{{{.origin = 9, .first = 1, .last = 3, .bytes = "first"},
                                          {.origin = 8, .first = 7, .last = 7, .bytes = ""}}};
  RecordHeader header{.place = place, .opening = 5, .synced = 40, .first = 12};
  std::string bytes;
  REQUIRE(encode_record(bytes, header, batches, "changes").ok());
  return bytes;
}

TEST_CASE("a record is read as it was written") {
  const std::string bytes = record_at(100);
  const auto header = decode_record_header(bytes);
  REQUIRE(header.has_value());
  CHECK(header->kind == RecordKind::kCommit);
  CHECK_EQ(header->place, 100);
  CHECK_EQ(header->opening, 5);
  CHECK_EQ(header->synced, 40);
  CHECK_EQ(header->first, 12);
  CHECK_EQ(header->next_position(), 14);
  CHECK_EQ(header->end(), 100 + bytes.size());
  const std::string_view body = std::string_view(bytes).substr(kRecordHeaderSize);
  REQUIRE(is_body_of(*header, body));
  CHECK_EQ(changes_in(*header, body), "changes");
  BatchWalk walk(*header, body);
  const auto one = walk.next();
  REQUIRE(one.has_value());
  CHECK_EQ(one->origin, 9);
  CHECK_EQ(one->last, 3);
  CHECK_EQ(one->bytes, "first");
  const auto two = walk.next();
  REQUIRE(two.has_value());
  CHECK_EQ(two->first, 7);
  CHECK_FALSE(walk.next().has_value());
  CHECK_FALSE(walk.failed());
}

TEST_CASE("each changed bit of a record is noticed") {
  const std::string sound = record_at(100);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string bytes = sound;
      bytes[i] = static_cast<char>(bytes[i] ^ (1U << bit));
      const auto header = decode_record_header(bytes);
      CHECK((!header || !is_body_of(*header, std::string_view(bytes).substr(kRecordHeaderSize))));
    }
  }
}

TEST_CASE("a body is none of another place") {
  const std::string bytes = record_at(100);
  auto header = decode_record_header(bytes);
  REQUIRE(header.has_value());
  header->place = 200;
  CHECK_FALSE(is_body_of(*header, std::string_view(bytes).substr(kRecordHeaderSize)));
}

TEST_CASE("a copy of a record differs in its header alone") {
  const std::string bytes = record_at(100);
  auto header = decode_record_header(bytes);
  REQUIRE(header.has_value());
  header->opening = 6;
  std::string copy;
  encode_copy(copy, *header, std::string_view(bytes).substr(kRecordHeaderSize));
  const auto copied = decode_record_header(copy);
  REQUIRE(copied.has_value());
  CHECK_EQ(copied->opening, 6);
  CHECK_EQ(copy.substr(kRecordHeaderSize), bytes.substr(kRecordHeaderSize));
  CHECK(is_body_of(*copied, std::string_view(copy).substr(kRecordHeaderSize)));
}

TEST_CASE("the name of a segment is read in one form only") {
  const SegmentName name{0xABCDEF, 17};
  CHECK_EQ(name.text(), "segment-0000000000abcdef-0000000000000011");
  CHECK((SegmentName::parse(name.text()) == name));
  for (const char* other : {"segment-0000000000ABCDEF-0000000000000011", "spare-1", "segment-", "",
                            "segment-0000000000abcdef-000000000000001", "new",
                            "segment-0000000000abcdef-000000000000001g"}) {
    CHECK_FALSE(SegmentName::parse(other).has_value());
  }
}

TEST_CASE("a header is none of a segment of another name") {
  const SegmentHeader header{.name = {50, 3}, .synced = 70, .previous = 10, .first = 4};
  std::string bytes = encode_segment_header(header);
  CHECK_EQ(bytes.size(), kSegmentHeaderSize);
  const auto read = decode_segment_header(bytes, header.name);
  REQUIRE(read.has_value());
  CHECK_EQ(read->synced, 70);
  CHECK_EQ(read->previous, 10);
  CHECK_EQ(read->first, 4);
  CHECK_FALSE(decode_segment_header(bytes, {50, 4}).has_value());
  CHECK_FALSE(decode_segment_header(bytes, {51, 3}).has_value());
  for (std::size_t i = 16; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(bytes[i] ^ 1);
    CHECK_FALSE(decode_segment_header(bytes, header.name).has_value());
    bytes[i] = static_cast<char>(bytes[i] ^ 1);
  }
}

TEST_CASE("a sparse index has the first batch of each origin in 64 KiB") {
  SparseIndex index;
  index.add({1, 10, 1, 0});
  index.add({2, 5, 2, 100});
  index.add({1, 11, 3, 200});
  index.add({1, 12, 4, kIndexBlock});
  REQUIRE_EQ(index.entries().size(), 3);
  CHECK_EQ(index.place_before(1), 0);
  CHECK_EQ(index.place_before(3), 100);
  CHECK_EQ(index.place_before(9), kIndexBlock);
  CHECK_FALSE(index.place_before(0).has_value());
  index.cut(kIndexBlock);
  CHECK_EQ(index.entries().size(), 2);
}

TEST_CASE("a footer with a changed byte is none") {
  SparseIndex index;
  index.add({1, 10, 1, 0});
  index.add({2, 5, 2, 100});
  std::string footer = index.encode(300);
  CHECK_EQ(SparseIndex::footer_size(footer.substr(0, kFooterHeadSize), 300), footer.size());
  CHECK_FALSE(SparseIndex::footer_size(footer.substr(0, kFooterHeadSize), 301).has_value());
  const auto read = SparseIndex::decode(footer);
  REQUIRE(read.has_value());
  CHECK(std::ranges::equal(read->entries(), index.entries()));
  for (std::size_t i = 8; i < footer.size(); ++i) {
    footer[i] = static_cast<char>(footer[i] ^ 1);
    CHECK_FALSE(SparseIndex::decode(footer).has_value());
    footer[i] = static_cast<char>(footer[i] ^ 1);
  }
}

}  // namespace
}  // namespace anabranch::storage::test::wal_record_test
