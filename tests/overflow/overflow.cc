#include "tests/overflow/overflow.h"

namespace anabranch::test {

// The call makes a copy of the inline function in this object.
int element_by_source(const std::vector<int>& elements, std::size_t index) {
  if (index < elements.size()) return element_by_header(elements, index);
  return elements.data()[index];
}

}  // namespace anabranch::test
