#include "core/system/own_program.h"

#include <filesystem>
#include <system_error>

namespace anabranch::core {

std::string own_program() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : program.string();
}

std::string installed_with_program(std::string_view place) {
  const std::filesystem::path program = own_program();
  if (program.empty()) return {};
  return program.parent_path().parent_path() / place;
}

}  // namespace anabranch::core
