// Certificates for tests: a root, and what it has signed, as PEM files in a folder.

#pragma once

#include <filesystem>
#include <string>

namespace anabranch::test {

struct Certificate {
  std::string certificate;  // The paths of two files.
  std::string key;          // Mode 0600.
};

// Makes a root and signs others by it. Throws std::runtime_error if OpenSSL fails.
class Root {
 public:
  // Writes NAME.crt and NAME.key into the folder.
  Root(const std::filesystem::path& folder, const std::string& name);
  ~Root();
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  [[nodiscard]] const std::string& certificate() const { return own_.certificate; }
  // A certificate for 127.0.0.1 and localhost, valid until so many seconds from now.
  [[nodiscard]] Certificate sign(const std::string& name, long seconds = 3600) const;

 private:
  struct Pair;
  std::filesystem::path folder_;
  Pair* pair_;
  Certificate own_;
};

}  // namespace anabranch::test
