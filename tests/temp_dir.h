// A temporary folder of one test case, removed with everything in it when it goes out of scope.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace anabranch::test {

class TempDir {
 public:
  // Makes a new, empty folder; throws std::runtime_error when the disk refuses.
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "anabranch-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp failed: " + name};
    path_ = name;
  }

  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace anabranch::test
