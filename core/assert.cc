#include "core/assert.h"

#include <cstdlib>
#include <string>

#include "core/system/standard_error.h"

namespace anabranch::core {

void assertion_failed(const char* expression, const char* file, int line) {
  StandardError::write_last(std::string(file) + ':' + std::to_string(line) +
                            ": assertion failed: " + expression + '\n');
  std::abort();
}

}  // namespace anabranch::core
