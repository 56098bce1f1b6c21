#include "rows/key_prefix.h"

#include "core/path.h"

namespace anabranch::rows {

std::string prefix_of_paths(std::string above, std::string_view beginning) {
  constexpr std::size_t kClosing = 2;  // The bytes that close a component: more bytes may follow.
  core::append_component(above, beginning);
  above.resize(above.size() - kClosing);
  return above;
}

}  // namespace anabranch::rows
