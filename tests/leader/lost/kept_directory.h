// A data directory as its process left it, to be put back as often as a test wants: in the same
// place, so that a leader does not take it for a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace anabranch::test {

class KeptDirectory {
 public:
  // Reads all files of a directory, also of one that is open and idle: then it is what a kill
  // leaves.
  explicit KeptDirectory(std::filesystem::path data);
  // Puts them back; nobody may have the directory open.
  void put_back() const;
  [[nodiscard]] const std::filesystem::path& path() const { return data_; }

 private:
  std::filesystem::path data_;
  std::map<std::string, std::string> files_;  // By their names below the directory.
};

// A part of the files of a write-ahead log.
struct LogPart {
  enum class Kind : std::uint8_t { kSegmentHeader, kRecordHeader, kBody, kFooter, kRoom };
  Kind kind = Kind::kRoom;
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool last = false;  // Of the last record with batches, or behind that.
};

std::string to_string(LogPart::Kind kind);
// Returns the parts of the log of a directory, in their order.
std::vector<LogPart> parts_of_log(const std::filesystem::path& data);
// Changes bits of a byte of a file.
void flip(const std::filesystem::path& file, std::uint64_t offset, std::uint8_t bits);

}  // namespace anabranch::test
