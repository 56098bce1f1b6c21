#include "server/cli/import/rdb_file.h"

#include <string>
#include <utility>
#include <vector>

#include "core/text.h"
#include "server/cli/import/packed.h"
#include "server/cli/import/rdb_skip.h"
#include "server/cli/import/rdb_types.h"

namespace anabranch::server::cli {
namespace {

using core::Result;

constexpr std::uint64_t kVersionMax = 12;
// Far above all that servers pack by their settings; the elements take some thirty times as much.
constexpr std::size_t kPackedBytesMax = std::size_t{4} << 20U;

enum Opcode : std::uint8_t {
  kSlotInfo = 0xF4,
  kFunction = 0xF5,
  kFunctionBefore7 = 0xF6,
  kModuleNote = 0xF7,
  kIdle = 0xF8,
  kFrequency = 0xF9,
  kAux = 0xFA,
  kSizes = 0xFB,
  kExpiresMs = 0xFC,
  kExpiresSeconds = 0xFD,
  kDatabase = 0xFE,
  kEnd = 0xFF,
};

std::optional<KeyKind> kind_of(std::uint8_t type) {
  switch (type) {
    case kRdbString:
      return KeyKind::kString;
    case kRdbSet:
    case kRdbSetIntset:
    case kRdbSetListpack:
      return KeyKind::kSet;
    case kRdbHash:
    case kRdbHashZiplist:
    case kRdbHashListpack:
      return KeyKind::kHash;
    default:
      return std::nullopt;
  }
}

std::string too_long(std::string_view part) {
  return "over the limits: " + std::string(part) + " of more than " +
         std::to_string(RdbBytes::kStringBytesMax >> 20U) + " MiB";
}

}  // namespace

Result<void> RdbFile::read_head() {
  const std::string head = bytes_.bytes(bytes_.left() < 9 ? bytes_.left() : 9);
  const auto version = core::parse_number<std::uint64_t>(head.size() == 9 ? head.substr(5) : "");
  if (!head.starts_with("REDIS") || !version) {
    bytes_.fail("no file of Redis: these begin with REDIS and four digits");
  } else if (*version < 1 || *version > kVersionMax) {
    bytes_.fail("a file of RDB version " + std::to_string(*version) + "; 1 to " +
                std::to_string(kVersionMax) + " can be read: import from the running server");
  }
  if (!bytes_.ok()) return bytes_.failure();
  version_ = *version;
  return {};
}

// Reads a note about the next key, or one between keys; false if it is no such opcode.
bool RdbFile::read_note(std::uint8_t opcode) {
  switch (opcode) {
    case kExpiresMs:
      expires_ms_ = static_cast<std::int64_t>(bytes_.little(8));
      return true;
    case kExpiresSeconds:
      expires_ms_ = std::int64_t{static_cast<std::int32_t>(bytes_.little(4))} * 1000;
      return true;
    case kFrequency:
      bytes_.byte();
      return true;
    case kIdle:
      bytes_.length();
      return true;
    case kAux:
      bytes_.skip_string();
      bytes_.skip_string();
      return true;
    case kSizes:
      bytes_.length();
      bytes_.length();
      return true;
    case kSlotInfo:
      for (int i = 0; i < 3; ++i) bytes_.length();
      return true;
    default:
      return false;
  }
}

void RdbFile::check_end() {
  if (version_ < 5) return;
  const std::uint64_t computed = bytes_.checksum();
  const std::uint64_t told = bytes_.little(8);
  if (bytes_.ok() && whole_ && told != 0 && told != computed) {
    bytes_.fail("the checksum is " + core::to_hex(told) + ", and that of the bytes " +
                core::to_hex(computed) + ": the file is damaged");
  }
}

Result<bool> RdbFile::read_step(KeySink& sink) {
  bytes_.mark();
  if (!after_note_) position_.at = bytes_.offset();
  const std::uint8_t opcode = bytes_.byte();
  if (!bytes_.ok()) return bytes_.failure();
  after_note_ = read_note(opcode);
  if (after_note_ && bytes_.ok()) return true;
  if (opcode == kEnd) {
    check_end();
  } else if (opcode == kDatabase) {
    position_.database = static_cast<std::uint32_t>(bytes_.length());
  } else if (opcode == kFunction) {
    bytes_.skip_string();
    sink.leave_out("library of functions", position_.database, "");
  } else if (opcode == kModuleNote) {
    for (int i = 0; i < 3; ++i) bytes_.length();
    skip_module_values(bytes_);
    sink.leave_out("data of a module", position_.database, "");
  } else if (opcode == kFunctionBefore7) {
    bytes_.fail("functions as a preview of Redis 7.0 saved them cannot be read");
  } else if (bytes_.ok()) {
    const Result<void> done = read_key(sink, opcode);
    if (!done.ok()) return done.failure();
  }
  if (!bytes_.ok()) return bytes_.failure();
  return opcode != kEnd;
}

Result<void> RdbFile::read_key(KeySink& sink, std::uint8_t type) {
  key_ = bytes_.string().value_or(std::string(kNameBytesMax + 1, '?'));
  const std::optional<KeyKind> kind = kind_of(type);
  if (!kind && foreign_type(type).empty()) {
    bytes_.fail("no type has the number " + std::to_string(type) +
                ": import from the running server");
  }
  if (!bytes_.ok()) return bytes_.failure();
  if (!kind) {
    skip_contents(bytes_, type);
    if (!bytes_.ok()) return bytes_.failure();
    Result<void> here = sink.boundary(position_);
    sink.leave_out(std::string(foreign_type(type)), position_.database, key_);
    expires_ms_.reset();
    return here;
  }
  if (Result<void> here = sink.boundary(position_); !here.ok()) return here;
  KeyHead head{position_.database, key_, *kind, std::exchange(expires_ms_, std::nullopt)};
  if (Result<void> begun = sink.begin(std::move(head)); !begun.ok()) return begun;
  if (Result<void> done = read_contents(sink, type); !done.ok()) return done;
  if (!bytes_.ok()) return bytes_.failure();
  return sink.end();
}

Result<void> RdbFile::read_contents(KeySink& sink, std::uint8_t type) {
  if (type == kRdbSet || type == kRdbHash) return read_plain(sink, type == kRdbHash);
  if (type != kRdbString) return read_packed(sink, type);
  const std::optional<std::string> value = bytes_.string();
  if (!bytes_.ok()) return bytes_.failure();
  if (value) return sink.item(*value, {});
  sink.leave_out(too_long("a value"), position_.database, key_);
  return {};
}

Result<void> RdbFile::read_plain(KeySink& sink, bool with_values) {
  const std::uint64_t count = bytes_.length();
  for (std::uint64_t i = 0; i < count && bytes_.ok(); ++i) {
    const std::optional<std::string> first = bytes_.string();
    const std::optional<std::string> second = with_values ? bytes_.string() : "";
    if (!bytes_.ok()) break;
    if (!first || !second) {
      sink.leave_out(too_long("a field or member"), position_.database, key_);
      continue;
    }
    Result<void> taken = sink.item(*first, *second);
    if (!taken.ok()) return taken;
  }
  if (!bytes_.ok()) return bytes_.failure();
  return {};
}

Result<void> RdbFile::read_packed(KeySink& sink, std::uint8_t type) {
  const std::optional<std::string> whole = bytes_.string();
  if (!bytes_.ok()) return bytes_.failure();
  if (!whole || whole->size() > kPackedBytesMax) {
    bytes_.fail("a packed collection of more than 4 MiB: import from the running server");
    return bytes_.failure();
  }
  const std::string& packed = *whole;
  const bool paired = type == kRdbHashZiplist || type == kRdbHashListpack;
  const auto elements = type == kRdbSetIntset     ? intset_elements(packed)
                        : type == kRdbHashZiplist ? ziplist_elements(packed)
                                                  : listpack_elements(packed);
  if (!elements || (paired && elements->size() % 2 != 0)) {
    bytes_.fail("a packed " + std::string(paired ? "hash" : "set") + " that cannot be read");
    return bytes_.failure();
  }
  for (std::size_t i = 0; i < elements->size(); i += paired ? 2 : 1) {
    Result<void> taken =
        sink.item((*elements)[i], paired ? std::string_view((*elements)[i + 1]) : "");
    if (!taken.ok()) return taken;
  }
  return {};
}

Result<void> RdbFile::read(KeySink& sink, std::optional<Position> from) {
  if (Result<void> head = read_head(); !head.ok()) return head;
  if (from) {
    whole_ = false;
    position_ = *from;
    bytes_.seek(from->at);
  }
  for (;;) {
    const Result<bool> more = read_step(sink);
    if (!more.ok()) return more.failure();
    if (more.value()) continue;
    position_.at = bytes_.offset();
    return {};
  }
}

}  // namespace anabranch::server::cli
