// overflow (header|source) INDEX: reads the element INDEX of three. A tree with `address` ends the
// program where INDEX is 3; the program itself is compiled without.

#include <cstdlib>
#include <iostream>
#include <string_view>
#include <vector>

#include "tests/overflow/overflow.h"

int main(int argc, char** argv) {
  using namespace anabranch::test;
  if (argc != 3) return EXIT_FAILURE;
  const std::vector<int> elements{1, 2, 3};
  const std::size_t index = std::strtoul(argv[2], nullptr, 10);
  const bool by_header = std::string_view(argv[1]) == "header";
  const int element =
      by_header ? element_by_header(elements, index) : element_by_source(elements, index);
  std::cout << "read " << element << '\n';
  return EXIT_SUCCESS;
}
