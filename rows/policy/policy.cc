#include "rows/policy/policy.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/assert.h"
#include "core/codec.h"
#include "core/hash.h"
#include "rows/policy/module_rows.h"

namespace anabranch::rows {

namespace {

struct KindWord {
  PolicyKind kind;
  std::string_view word;
};

constexpr std::array<KindWord, 7> kWords{{
    {PolicyKind::kNone, "none"},
    {PolicyKind::kLww, "lww"},
    {PolicyKind::kSiblings, "siblings"},
    {PolicyKind::kMax, "max"},
    {PolicyKind::kMin, "min"},
    {PolicyKind::kNative, "native"},
    {PolicyKind::kWasm1, "wasm1"},
}};

PolicyKind kind_of(std::string_view word) {
  const auto* const found = std::ranges::find(kWords, word, &KindWord::word);
  return found == kWords.end() ? PolicyKind::kUnknown : found->kind;
}

// Reads a policy of a known kind; nullopt if the bytes are none. `word` gets the kind's word as
// soon as that is read.
std::optional<Policy> read_policy(std::string_view bytes, std::string& word) {
  core::Reader in(bytes);
  const std::size_t newer = in.array_of(3);
  word = in.text();
  Policy policy{.kind = kind_of(word)};
  policy.keep_base = in.boolean();
  if (!in.take_nil()) policy.name = in.text();
  in.skip(newer);
  const bool is_whole = in.done() && policy.is_known();
  if (!is_whole || policy.needs_name() == policy.name.empty()) return std::nullopt;
  if (policy.kind == PolicyKind::kWasm1 && !is_module_name(policy.name)) return std::nullopt;
  return policy;
}

}  // namespace

std::string_view word_of(PolicyKind kind) {
  const auto* const found = std::ranges::find(kWords, kind, &KindWord::kind);
  ANABRANCH_ASSERT(found != kWords.end());
  return found->word;
}

std::string Policy::text() const {
  std::string text(is_known() ? word_of(kind) : std::string_view("unknown"));
  if (!name.empty()) text += " " + name;
  return text;
}

std::uint64_t Policy::rule_id() const {
  switch (kind) {
    case PolicyKind::kNone:
    case PolicyKind::kLww:
    case PolicyKind::kSiblings:
      return 0;
    case PolicyKind::kMax:
    case PolicyKind::kMin:
    case PolicyKind::kNative:
    case PolicyKind::kWasm1:
    case PolicyKind::kUnknown:
      break;
  }
  Policy rule = *this;
  rule.keep_base = false;
  return std::max(core::checksum64(encode_policy(rule)), std::uint64_t{1});
}

std::string encode_policy(const Policy& policy) {
  if (!policy.is_known()) return policy.bytes;
  ANABRANCH_ASSERT(policy.needs_name() == !policy.name.empty());
  std::string bytes;
  core::Writer out(bytes);
  out.array(3).text(word_of(policy.kind)).boolean(policy.keep_base);
  policy.name.empty() ? out.nil() : out.text(policy.name);
  return bytes;
}

Policy decode_policy(std::string_view bytes) {
  std::string word;
  if (auto policy = read_policy(bytes, word)) return *std::move(policy);
  return {.kind = PolicyKind::kUnknown, .name = std::move(word), .bytes = std::string(bytes)};
}

}  // namespace anabranch::rows
