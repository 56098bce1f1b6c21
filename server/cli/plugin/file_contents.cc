#include "server/cli/plugin/file_contents.h"

#include <fstream>
#include <iterator>

namespace anabranch::server::cli {

core::Result<std::string> file_contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.good() && !file.eof()) return core::invalid(path + " cannot be read");
  return bytes;
}

}  // namespace anabranch::server::cli
