#include "rows/conflicts/conflict_entry.h"

#include <utility>

#include "core/codec.h"

namespace anabranch::rows {

namespace {

constexpr std::size_t kFields = 11;
constexpr std::size_t kFieldsOfValue = 5;

void write_value(core::Writer& out, const crdt::Sibling& value) {
  out.uint64(value.dot.origin).uint64(value.dot.seq).uint64(value.hlc.bits).bin(value.value);
  value.base ? out.bin(*value.base) : out.nil();
}

crdt::Sibling read_value(core::Reader& in) {
  crdt::Sibling value;
  value.dot.origin = in.uint64();
  value.dot.seq = in.uint64();
  value.hlc.bits = in.uint64();
  value.value = in.bin();
  if (!in.take_nil()) value.base = in.bin();
  return value;
}

}  // namespace

std::string encode_conflict(const ConflictEntry& entry) {
  std::string bytes;
  core::Writer out(bytes);
  const ConflictNote& note = entry.note;
  out.array(entry.put_again == 0 ? kFields : kFields + 1)
      .uint64(static_cast<std::uint64_t>(note.kind))
      .bin(note.path.encoded());
  out.uint64(note.by.origin).uint64(note.by.seq).uint64(note.by_time.bits);
  out.uint64(entry.logged.bits).text(entry.policy).bin(entry.prefix);
  out.uint64(entry.shown.origin).uint64(entry.shown.seq);
  out.array(note.values.size() * kFieldsOfValue);
  for (const crdt::Sibling& each : note.values) write_value(out, each);
  if (entry.put_again > 0) out.uint64(entry.put_again);
  return bytes;
}

core::Result<ConflictEntry> decode_conflict(std::string_view bytes) {
  core::Reader in(bytes);
  ConflictEntry entry;
  ConflictNote& note = entry.note;
  const std::size_t newer = in.array_of(kFields);  // Entries without values put again have no more.
  note.kind = static_cast<ConflictKind>(in.uint64());
  auto path = core::Path::from_encoded(in.bin());
  note.by.origin = in.uint64();
  note.by.seq = in.uint64();
  note.by_time.bits = in.uint64();
  entry.logged.bits = in.uint64();
  entry.policy = in.text();
  entry.prefix = in.bin();
  entry.shown.origin = in.uint64();
  entry.shown.seq = in.uint64();
  const std::size_t size = in.array();
  if (size % kFieldsOfValue != 0) in.fail("the values of a conflict are damaged");
  for (std::size_t i = 0; in.ok() && i < size / kFieldsOfValue; ++i) {
    note.values.push_back(read_value(in));
  }
  if (newer > 0) entry.put_again = in.uint64();
  if (entry.put_again > note.values.size()) in.fail("more values of a conflict were put again");
  in.skip(newer > 0 ? newer - 1 : 0);
  if (!in.done()) return in.failure();
  if (!path.ok()) return path.failure();
  note.path = std::move(path).value();
  return entry;
}

}  // namespace anabranch::rows
