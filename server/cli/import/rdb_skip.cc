#include "server/cli/import/rdb_skip.h"

#include "server/cli/import/rdb_types.h"

namespace anabranch::server::cli {
namespace {

void skip_strings(RdbBytes& bytes, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count && bytes.ok(); ++i) bytes.skip_string();
}

// A score as text, or one byte that stands for an infinity or for no number.
void skip_score(RdbBytes& bytes) {
  const std::uint8_t size = bytes.byte();
  if (size < 253) bytes.skip(size);
}

void skip_scores(RdbBytes& bytes, bool binary) {
  const std::uint64_t count = bytes.length();
  for (std::uint64_t i = 0; i < count && bytes.ok(); ++i) {
    bytes.skip_string();
    if (binary) bytes.skip(8);
    if (!binary) skip_score(bytes);
  }
}

void skip_quicklist2(RdbBytes& bytes) {
  const std::uint64_t count = bytes.length();
  for (std::uint64_t i = 0; i < count && bytes.ok(); ++i) {
    bytes.length();  // Whether it is packed.
    bytes.skip_string();
  }
}

void skip_lengths(RdbBytes& bytes, int count) {
  for (int i = 0; i < count; ++i) bytes.length();
}

constexpr std::uint64_t kStreamId = 16;
constexpr std::uint64_t kTime = 8;

void skip_consumers(RdbBytes& bytes, std::uint8_t type) {
  const std::uint64_t consumers = bytes.length();
  for (std::uint64_t i = 0; i < consumers && bytes.ok(); ++i) {
    bytes.skip_string();
    bytes.skip(type == kRdbStream3 ? 2 * kTime : kTime);
    const std::uint64_t pending = bytes.length();
    for (std::uint64_t j = 0; j < pending && bytes.ok(); ++j) bytes.skip(kStreamId);
  }
}

void skip_stream(RdbBytes& bytes, std::uint8_t type) {
  const std::uint64_t nodes = bytes.length();
  for (std::uint64_t i = 0; i < nodes && bytes.ok(); ++i) skip_strings(bytes, 2);
  skip_lengths(bytes, type == kRdbStream ? 3 : 8);
  const std::uint64_t groups = bytes.length();
  for (std::uint64_t i = 0; i < groups && bytes.ok(); ++i) {
    bytes.skip_string();
    skip_lengths(bytes, type == kRdbStream ? 2 : 3);
    const std::uint64_t pending = bytes.length();
    for (std::uint64_t j = 0; j < pending && bytes.ok(); ++j) {
      bytes.skip(kStreamId + kTime);
      bytes.length();
    }
    skip_consumers(bytes, type);
  }
}

// A hash with fields that expire each by itself.
void skip_expiring_hash(RdbBytes& bytes, bool with_least) {
  if (with_least) bytes.skip(kTime);
  const std::uint64_t count = bytes.length();
  for (std::uint64_t i = 0; i < count && bytes.ok(); ++i) {
    bytes.length();
    skip_strings(bytes, 2);
  }
}

}  // namespace

std::string_view foreign_type(std::uint8_t type) {
  switch (type) {
    case kRdbList:
    case kRdbListZiplist:
    case kRdbQuicklist:
    case kRdbQuicklist2:
      return "list";
    case kRdbScores:
    case kRdbScores2:
    case kRdbScoresZiplist:
    case kRdbScoresListpack:
      return "sorted set";
    case kRdbStream:
    case kRdbStream2:
    case kRdbStream3:
      return "stream";
    case kRdbModule2:
      return "type of a module";
    case kRdbHashZipmap:
      return "hash as Redis before 2.6 saved it";
    case kRdbHashExpiring0:
    case kRdbHashExpiringListpack0:
    case kRdbHashExpiring:
    case kRdbHashExpiringListpack:
      return "hash with fields that expire";
    default:
      return {};
  }
}

void skip_module_values(RdbBytes& bytes) {
  enum Kind : std::uint8_t { kEnd, kSigned, kUnsigned, kFloat, kDouble, kText };
  for (std::uint64_t kind = bytes.length(); bytes.ok() && kind != kEnd; kind = bytes.length()) {
    if (kind == kSigned || kind == kUnsigned) {
      bytes.length();
    } else if (kind == kFloat || kind == kDouble) {
      bytes.skip(kind == kFloat ? 4 : 8);
    } else if (kind == kText) {
      bytes.skip_string();
    } else {
      bytes.fail("no value of a module has the kind " + std::to_string(kind));
    }
  }
}

void skip_contents(RdbBytes& bytes, std::uint8_t type) {
  switch (type) {
    case kRdbList:
    case kRdbQuicklist:
      return skip_strings(bytes, bytes.length());
    case kRdbScores:
    case kRdbScores2:
      return skip_scores(bytes, type == kRdbScores2);
    case kRdbQuicklist2:
      return skip_quicklist2(bytes);
    case kRdbStream:
    case kRdbStream2:
    case kRdbStream3:
      return skip_stream(bytes, type);
    case kRdbModule2:
      bytes.length();
      return skip_module_values(bytes);
    case kRdbHashExpiring0:
    case kRdbHashExpiring:
      return skip_expiring_hash(bytes, type == kRdbHashExpiring);
    case kRdbHashExpiringListpack:
      bytes.skip(kTime);
      return bytes.skip_string();
    default:
      return bytes.skip_string();  // All others are one packed string.
  }
}

}  // namespace anabranch::server::cli
