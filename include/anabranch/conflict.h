// Conflicts, and resolvers, the functions that decide them.
//
// Concurrent writes to one register both stay, as siblings, until a write that has seen them
// replaces them. Until then a resolver chooses the value to show. Resolvers take no part in
// merging: all regions store the same siblings whatever a resolver returns. Every region calls its
// resolver with the same conflict, which follows from the stored rows alone, so a pure resolver
// shows the same value everywhere.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <anabranch/key.h>

namespace anabranch {

// One of several concurrent values.
struct Sibling {
  std::string value;
  // The value that the write replaced, where the policy keeps bases (Policy::keep_base): of several
  // siblings the one shown to the writer. nullopt if the write replaced nothing, or no base is
  // kept.
  std::optional<std::string> base;
  std::int64_t time_ms = 0;  // Time of the write by its leader's clock: ms since 1970.
  std::string region;        // Region of the write; empty if no row of the mesh names it.
};

// The input of a resolver. Siblings are in canonical order, the same in every region: by time, then
// by origin; `lww` shows the last one. There are at least two.
struct Conflict {
  std::string key;
  // The names below the key: the fields of maps that lead to the value, then the element of a list,
  // a set or a sorted set (of a list some bytes that identify it). Empty for a string at the key.
  std::vector<std::string> path;
  Type type = Type::kNone;  // Of the value: kString for a string, also in a field of a map; kList.
  std::string prefix;       // Of the policy, or of the resolver in Options, that calls.
  std::vector<Sibling> siblings;
};

// Maps siblings to the value that is shown. Thread-safe when its function is.
class Resolver {
 public:
  // A function of the application: pure, called from any thread, independently in every region. It
  // returns the value to show, or nullopt to leave the decision to `lww`. Also if it throws, `lww`
  // decides: status counts the failure (StoreStatus::resolver_failures), and the log tells of it,
  // with name, key and text, at most once a minute. After std::bad_alloc nothing is shown: the read
  // fails with Error{kNoMemory}.
  using Function = std::function<std::optional<std::string>(const Conflict&)>;

  // Last writer wins: shows the sibling with the greatest time, then origin. The default.
  static Resolver lww();
  // Shows the same value as `lww`. Declares that the application reads all siblings itself
  // (Register::siblings).
  static Resolver siblings();
  // Shows the greatest, or the least, of the concurrent values. Values that read as numbers (an
  // integer of 64 bits, or a decimal like "2.5" or "1e9") are compared as numbers and are less than
  // all other values; other values are compared as bytes. Only concurrent values are compared: a
  // later write that has seen a greater value still replaces it.
  static Resolver max();
  static Resolver min();

  // Takes any callable that maps a Conflict to a string or an optional string.
  template <typename F>
  requires(std::is_invocable_v<const F&, const Conflict&> &&
           !std::is_same_v<std::remove_cvref_t<F>, Resolver>)
      Resolver(F callable)  // NOLINT: implicit, so that `{"doc/", keep_longest}` reads well.
      : kind_(Kind::kFunction), function_(std::move(callable)) {}
  // A resolver with a name, shown in status.
  Resolver(std::string name, Function function)
      : kind_(Kind::kFunction), name_(std::move(name)), function_(std::move(function)) {}

  // Returns "lww", "siblings", "max", "min", the given name, or "unnamed".
  [[nodiscard]] std::string_view name() const;
  // Returns the function; empty for `lww` and `siblings`.
  [[nodiscard]] const Function& function() const { return function_; }
  // Returns whether this is one of lww(), siblings(), max() and min().
  [[nodiscard]] bool is_built_in() const { return kind_ != Kind::kFunction; }

 private:
  enum class Kind : std::uint8_t { kLww, kSiblings, kMax, kMin, kFunction };
  explicit Resolver(Kind kind, Function function = {})
      : kind_(kind), function_(std::move(function)) {}

  Kind kind_ = Kind::kLww;
  std::string name_;
  Function function_;
};

}  // namespace anabranch
