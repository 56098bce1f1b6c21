// A data directory that a command is to read itself.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include "core/result.h"

namespace anabranch::server::cli {

// Fails with a sentence where there are no data, or where this user may not see them.
inline core::Result<void> find_data(const std::string& directory) {
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::path(directory) / "data.mdb", error)) return {};
  if (error != std::errc::permission_denied) {
    return core::invalid(directory + " is no data directory");
  }
  return core::invalid(directory + " cannot be looked into by this user: " + error.message() +
                       "; run this as the user of the leader, or as root");
}

}  // namespace anabranch::server::cli
