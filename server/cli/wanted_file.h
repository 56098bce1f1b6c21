// DIR/wanted: a leader wants to open a directory that a backup has locked. The backup looks for it
// once a second, and gives way.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace anabranch::server::cli {

// Holds no resource: the file stays where its maker is killed. Not thread-safe.
class WantedFile {
 public:
  explicit WantedFile(const std::string& directory)
      : path_(std::filesystem::path(directory) / "wanted") {}

  void make() const { const std::ofstream made(path_); }
  void remove() const {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] bool is_there() const {
    std::error_code ignored;
    return std::filesystem::exists(path_, ignored);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace anabranch::server::cli
