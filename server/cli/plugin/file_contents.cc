#include "server/cli/plugin/file_contents.h"

#include "core/system/whole_file.h"

namespace anabranch::server::cli {

core::Result<std::string> file_contents(const std::string& path) {
  constexpr std::size_t kBytesMax = std::size_t{64} << 20U;
  return core::whole_file(path, kBytesMax);
}

}  // namespace anabranch::server::cli
