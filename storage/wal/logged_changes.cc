#include "storage/wal/logged_changes.h"

#include "core/varint.h"

namespace anabranch::storage {

namespace {

// In place of a table: the generations follow. As a next generation: there is none.
constexpr unsigned char kSwitch = 0xFF;
// In place of a table: a position follows.
constexpr unsigned char kTrim = 0xFE;
constexpr unsigned char kNoGeneration = 0xFF;

std::optional<Generations> take_generations(std::string_view& bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const auto current = static_cast<unsigned char>(bytes[0]);
  const auto next = static_cast<unsigned char>(bytes[1]);
  bytes.remove_prefix(2);
  if (current >= kGenerationCount || current == next) return std::nullopt;
  if (next >= kGenerationCount && next != kNoGeneration) return std::nullopt;
  Generations generations{.current = current};
  if (next != kNoGeneration) generations.next = next;
  return generations;
}

}  // namespace

void append_switch(std::string& bytes, const Generations& generations) {
  for (const unsigned char byte :
       {kSwitch, generations.current, generations.next.value_or(kNoGeneration)}) {
    bytes.push_back(static_cast<char>(byte));
  }
}

void append_trim(std::string& bytes, std::uint64_t position) {
  bytes.push_back(static_cast<char>(kTrim));
  core::put_varint(bytes, position);
}

std::optional<LoggedChange> LoggedChanges::next() {
  if (failed_ || rest_.empty()) return std::nullopt;
  auto taken = take();
  failed_ = !taken;
  return taken;
}

std::optional<LoggedChange> LoggedChanges::take() {
  const auto tag = static_cast<unsigned char>(rest_.front());
  if (tag != kSwitch && tag != kTrim) {
    const auto change = take_change(rest_);
    return change ? std::optional(LoggedChange{*change, {}, {}}) : std::nullopt;
  }
  rest_.remove_prefix(1);
  LoggedChange taken;
  if (tag == kSwitch) {
    taken.generations = take_generations(rest_);
  } else {
    taken.trimmed = core::take_varint(rest_);
  }
  return taken.generations || taken.trimmed ? std::optional(taken) : std::nullopt;
}

}  // namespace anabranch::storage
