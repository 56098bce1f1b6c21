// The built-in resolvers: lww, siblings, max, min.

#include <algorithm>
#include <optional>
#include <string_view>

#include <anabranch/conflict.h>

#include "crdt/value_order.h"

namespace anabranch {

namespace {

bool less(const Sibling& x, const Sibling& y) { return crdt::value_less(x.value, y.value); }

}  // namespace

Resolver Resolver::lww() { return Resolver(Kind::kLww); }

Resolver Resolver::siblings() { return Resolver(Kind::kSiblings); }

Resolver Resolver::max() {
  return {"max", [](const Conflict& conflict) {
            return std::optional(std::ranges::max_element(conflict.siblings, less)->value);
          }};
}

Resolver Resolver::min() {
  return {"min", [](const Conflict& conflict) {
            return std::optional(std::ranges::min_element(conflict.siblings, less)->value);
          }};
}

std::string_view Resolver::name() const {
  if (kind_ == Kind::kLww) return "lww";
  if (kind_ == Kind::kSiblings) return "siblings";
  return name_.empty() ? std::string_view("unnamed") : std::string_view(name_);
}

}  // namespace anabranch
