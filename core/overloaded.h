// Several functions as one, which calls the one that fits its argument best: for std::visit.
#pragma once

namespace anabranch::core {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace anabranch::core
