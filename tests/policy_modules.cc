#include "tests/policy_modules.h"

#include <array>
#include <cstddef>
#include <utility>

#include "core/hash.h"
#include "core/text.h"
#include "tests/plugins/guests.h"

namespace anabranch::test {

namespace {

constexpr std::uint64_t kStart = 0xcbf29ce484222325;  // FNV-1a, 64 bits.
constexpr std::uint64_t kPrime = 0x100000001b3;

// By eight bits of the hash: the endings without an answer. All others are values.
constexpr unsigned kEndings = 256;
constexpr unsigned kWithoutAnswer = 16;

// Hashes the input, what a call before may have left in the global and the memory, and the salt.
std::string module_with(std::uint64_t salt) {
  const auto text = [](std::uint64_t number) { return std::to_string(number); };
  const std::string ending =
      "(local.set $end (i32.and (i32.wrap_i64 (i64.shr_u (local.get $hash) (i64.const 40)))"
      " (i32.const " +
      text(kEndings - 1) + ")))";
  return resolver(
      "(local $hash i64) (local $i i32) (local $end i32)"
      "(local.set $hash (i64.xor (i64.load (i32.const 0))"
      " (i64.xor (global.get $calls) (i64.const " +
          text(kStart ^ salt) +
          "))))"
          "(global.set $calls (i64.const 1))"
          "(block $done (loop $next"
          " (br_if $done (i32.ge_u (local.get $i) (local.get $size)))"
          " (local.set $hash (i64.mul (i64.const " +
          text(kPrime) +
          ")"
          "  (i64.xor (local.get $hash) (i64.load8_u (i32.add (local.get $at) (local.get $i))))))"
          " (local.set $i (i32.add (local.get $i) (i32.const 1)))"
          " (br $next)))"
          "(i64.store (i32.const 0) (local.get $hash))" +
          ending +
          "(if (i32.eq (local.get $end) (i32.const 0)) (then unreachable))"
          "(if (i32.eq (local.get $end) (i32.const 1)) (then (loop $ever (br $ever))))"
          "(if (i32.eq (local.get $end) (i32.const 2)) (then (call $deep)))"
          "(if (i32.eq (local.get $end) (i32.const 3)) (then (return (i64.const -16))))"
          "(if (i32.lt_u (local.get $end) (i32.const " +
          text(kWithoutAnswer) +
          "))"
          " (then (return (i64.const -1))))"
          "(local.set $i (i32.const 0))"
          "(loop $next"
          " (i32.store8 (i32.add (local.get $i) (i32.const 32)) (i32.add (i32.const 97)"
          "  (i32.and (i32.wrap_i64 (local.get $hash)) (i32.const 15))))"
          " (local.set $hash (i64.shr_u (local.get $hash) (i64.const 4)))"
          " (local.set $i (i32.add (local.get $i) (i32.const 1)))"
          " (br_if $next (i32.lt_u (local.get $i) (i32.const 16))))"
          "(i64.const " +
          text((std::uint64_t{32} << 32U) + 16) + ")",
      "(global $calls (mut i64) (i64.const 0)) (func $deep (call $deep))");
}

PolicyModule described(std::string bytes, std::uint64_t salt, bool is_admitted) {
  const auto hash = core::content_hash(bytes);
  PolicyModule module{.name = {},
                      .hash = {hash.begin(), hash.end()},
                      .bytes = std::move(bytes),
                      .salt = salt,
                      .is_admitted = is_admitted};
  module.name = core::to_hex(module.hash);
  return module;
}

class Fnv {
 public:
  explicit Fnv(std::uint64_t salt) : hash_(kStart ^ salt) {}
  void number(std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) byte(static_cast<std::uint8_t>(value >> 8U * i));
  }
  void text(std::optional<std::string_view> text) {
    number(text ? text->size() : UINT32_MAX, 4);
    for (const char each : text.value_or("")) byte(static_cast<std::uint8_t>(each));
  }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  void byte(std::uint8_t byte) { hash_ = (hash_ ^ byte) * kPrime; }
  std::uint64_t hash_;
};

std::uint64_t hash_of(const ModuleQuestion& question, std::uint64_t salt) {
  Fnv fnv(salt);
  fnv.number(question.siblings.size(), 4);
  fnv.text(question.key);
  fnv.text(question.prefix);
  fnv.number(static_cast<std::uint8_t>(question.type), 4);
  fnv.number(question.parts.size(), 4);
  for (const std::string_view part : question.parts) fnv.text(part);
  for (const ModuleQuestion::Value& each : question.siblings) {
    fnv.number(static_cast<std::uint64_t>(each.time_ms), 8);
    fnv.text(each.region);
    fnv.text(each.base);
    fnv.text(each.value);
  }
  return fnv.hash();
}

}  // namespace

const std::vector<PolicyModule>& policy_modules() {
  static const std::vector<PolicyModule> kModules{described(module_with(0), 0, true),
                                                  described(module_with(1), 1, true),
                                                  described(wasm("(module)"), 0, false)};
  return kModules;
}

std::optional<std::string> answer_of(const PolicyModule& module, const ModuleQuestion& question) {
  if (!module.is_admitted) return std::nullopt;
  std::uint64_t hash = hash_of(question, module.salt);
  if ((hash >> 40U) % kEndings < kWithoutAnswer) return std::nullopt;
  std::string letters;
  for (; letters.size() < 16; hash >>= 4U) letters += static_cast<char>('a' + hash % 16);
  return letters;
}

}  // namespace anabranch::test
