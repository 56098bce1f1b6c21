// A span of names, in order or backwards: the part of a collection that a scan visits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace anabranch {

// The names from `from` on, up to but without `to`, in the order of their bytes; all by default. To
// continue after the last name of a full page: `after` that name; backwards: with that name as
// `to`.
struct Span {
  std::string from;
  std::optional<std::string> to;  // nullopt: no end.
  bool backwards = false;         // From the last name down to the first.

  // Returns the span of the names that begin with `beginning`.
  [[nodiscard]] static Span starting(std::string_view beginning);
  // Returns the span of the names behind `name`.
  [[nodiscard]] static Span after(std::string_view name) {
    return {.from = std::string(name) + '\0', .to = {}, .backwards = false};
  }
  // Returns the same names from the last to the first.
  [[nodiscard]] Span reversed() const { return {from, to, !backwards}; }
};

}  // namespace anabranch
