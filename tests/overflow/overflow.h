// Two reads behind the end of a vector, for the test that sanitizers see both.
#pragma once

#include <cstddef>
#include <vector>

namespace anabranch::test {

// Returns the element at `index` of `elements`, whatever their number. Its copies are in the
// instrumented layer and in the plain program; it must not be inlined, so that the linker chooses.
[[gnu::noinline]] inline int element_by_header(const std::vector<int>& elements,
                                               std::size_t index) {
  return elements.data()[index];
}

// The same, in a source file of the layer.
int element_by_source(const std::vector<int>& elements, std::size_t index);

}  // namespace anabranch::test
