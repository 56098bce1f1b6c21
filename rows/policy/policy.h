// A policy: the rule that decides between the siblings of the keys below a prefix, and whether
// their writes keep the value they replace. A policy is the value of a row of the mesh's own space
// (policy_rows.h), so that it reaches every region with the writes it is to decide on.
//
// A newer version may write kinds that this one does not know. Such a policy keeps its bytes: it is
// passed on and listed, never shown as another one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace anabranch::rows {

enum class PolicyKind : std::uint8_t {
  kNone,      // Removed: the next shorter prefix decides. Proposals for this prefix stay void.
  kLww,       // The last written.
  kSiblings,  // The last written; the application reads all of them.
  kMax,
  kMin,
  kNative,   // A function of the process, by its name; lww where the process has none of it.
  kUnknown,  // Of a newer version, or damaged.
};

struct Policy {
  PolicyKind kind = PolicyKind::kNone;
  bool keep_base = false;  // Each put below the prefix stores the value it replaces (bases.h).
  std::string name = {};   // kNative: of the function. kUnknown: the kind, empty if unreadable.
  std::string bytes = {};  // kUnknown: the stored value.
  bool operator==(const Policy&) const = default;

  // Returns whether a leader of this version can decide by it.
  [[nodiscard]] bool is_known() const { return kind != PolicyKind::kUnknown; }
  // Returns the policy as a person reads it: "max", "native nearest", "unknown wasm1".
  [[nodiscard]] std::string text() const;
  // Returns a number that is equal for policies that show equal values for equal siblings, and
  // differs, but for collisions of a hash, otherwise. 0 for those that show the last written.
  [[nodiscard]] std::uint64_t rule_id() const;
};

// Returns the word of a kind in rows, settings and commands: "lww". The kind must not be kUnknown.
[[nodiscard]] std::string_view word_of(PolicyKind kind);

// Returns [kind: text, keep_base: bool, name: text or nil]; of an unknown policy its bytes. A
// native policy must have a name.
[[nodiscard]] std::string encode_policy(const Policy& policy);
// Reads any bytes. Those of no known policy give one of the kind kUnknown: a reader that took them
// for no policy at all would show other values than one that knows them.
[[nodiscard]] Policy decode_policy(std::string_view bytes);

}  // namespace anabranch::rows
