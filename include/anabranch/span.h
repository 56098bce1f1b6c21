// A span of names, in order or backwards: which part of a collection a scan visits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace anabranch {

// From `from` on, up to but without `to`, in the order of the bytes. The default is everything. To
// go on after a name when a page is full: `after` it; backwards: with that name as `to`.
struct Span {
  std::string from;
  std::optional<std::string> to;  // Nothing for no end.
  bool backwards = false;         // From the last one down to the first.

  // The names that begin so.
  [[nodiscard]] static Span starting(std::string_view beginning);
  // The names that come after this one.
  [[nodiscard]] static Span after(std::string_view name) {
    return {.from = std::string(name) + '\0', .to = {}, .backwards = false};
  }
  // The same names from the last to the first.
  [[nodiscard]] Span reversed() const { return {from, to, !backwards}; }
};

}  // namespace anabranch
