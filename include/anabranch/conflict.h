// Conflicts and what decides them.
//
// Concurrent writes to one register both stay, as siblings, until a write that has seen them
// replaces them. A resolver says which value is shown meanwhile. It never takes part in merging:
// whatever it does, all regions store the same, and as every region calls it with the same siblings
// in the same order, a pure resolver shows the same everywhere.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace anabranch {

// One of several concurrent values.
struct Sibling {
  std::string value;
  std::optional<std::string> base;  // The value it replaced, where bases are kept.
  std::int64_t time_ms = 0;         // When it was written by its leader's clock, since 1970.
  std::string region;               // Where it was written; empty when that is not known here.
};

// What a resolver decides. Siblings are in canonical order, the same in every region: by time, then
// origin; the last one is what `lww` shows. There are at least two.
struct Conflict {
  std::string key;
  std::vector<Sibling> siblings;
};

// Maps siblings to the value that is shown. Thread-safe when the function in it is.
class Resolver {
 public:
  // A function of the application: pure, called in every region on its own, from any thread. It
  // returns the value, or nothing to leave the decision to `lww`. One that throws is overruled by
  // `lww` and counted.
  using Function = std::function<std::optional<std::string>(const Conflict&)>;

  // Last writer wins: the greatest time, then origin. The default.
  static Resolver lww();
  // Shows what `lww` shows, and says that the application reads all siblings itself
  // (Register::siblings).
  static Resolver siblings();
  // Shows the greatest, or the least, of the concurrent values. What reads as a number (an integer
  // of 64 bits, or a decimal like "2.5" or "1e9") is compared as one, and is less than all that
  // does not; the rest is compared as bytes. A later write that has seen a greater value replaces
  // it all the same: only what is concurrent is compared.
  static Resolver max();
  static Resolver min();

  // Any callable that takes a Conflict and returns a string or an optional one.
  template <typename F>
  requires(std::is_invocable_v<const F&, const Conflict&> &&
           !std::is_same_v<std::remove_cvref_t<F>, Resolver>)
      Resolver(F callable)  // NOLINT: implicit, so that `{"doc/", keep_longest}` reads well.
      : kind_(Kind::kFunction), function_(std::move(callable)) {}
  // The same with a name, which status shows.
  Resolver(std::string name, Function function)
      : kind_(Kind::kFunction), name_(std::move(name)), function_(std::move(function)) {}

  // "lww", "siblings", "max", "min", the given name, or "unnamed".
  [[nodiscard]] std::string_view name() const;
  // The function; empty for the built-in ones.
  [[nodiscard]] const Function& function() const { return function_; }

 private:
  enum class Kind : std::uint8_t { kLww, kSiblings, kFunction };
  explicit Resolver(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::kLww;
  std::string name_;
  Function function_;
};

}  // namespace anabranch
