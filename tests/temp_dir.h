// Temporary folders of tests.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace anabranch::test {

// Returns a folder of a file system in memory where there is one, for tests with very many files.
inline std::filesystem::path memory_folder() {
  const std::filesystem::path folder = "/dev/shm";
  std::error_code ignored;
  const bool is_there = std::filesystem::is_directory(folder, ignored);
  return is_there ? folder : std::filesystem::temp_directory_path();
}

// A temporary folder of one test case, removed with everything in it when it goes out of scope.
class TempDir {
 public:
  // Makes a new, empty folder in another one; throws std::runtime_error when the disk refuses.
  explicit TempDir(const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string name = (parent / "anabranch-XXXXXX").string();
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
