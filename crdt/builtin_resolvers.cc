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
  return Resolver(Kind::kMax, [](const Conflict& conflict) {
    return std::optional(std::ranges::max_element(conflict.siblings, less)->value);
  });
}

Resolver Resolver::min() {
  return Resolver(Kind::kMin, [](const Conflict& conflict) {
    return std::optional(std::ranges::min_element(conflict.siblings, less)->value);
  });
}

std::string_view Resolver::name() const {
  switch (kind_) {
    case Kind::kLww:
      return "lww";
    case Kind::kSiblings:
      return "siblings";
    case Kind::kMax:
      return "max";
    case Kind::kMin:
      return "min";
    case Kind::kFunction:
      break;
  }
  return name_.empty() ? std::string_view("unnamed") : std::string_view(name_);
}

}  // namespace anabranch
