#include "rows/key_prefix.h"

#include "core/path.h"

namespace anabranch::rows {

std::string prefix_of_paths(std::string_view above, std::string_view beginning) {
  constexpr std::size_t kClosing = 2;  // The bytes that close a component: more bytes may follow.
  std::string prefix(above);
  core::append_component(prefix, beginning);
  prefix.resize(prefix.size() - kClosing);
  return prefix;
}

}  // namespace anabranch::rows
