// The files of a backup: blocks of keys and values, compressed and with checksums, and how a file
// and a folder reach the disk. docs/formats.md has the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "transport/compression.h"

namespace anabranch::leader {

// A block is closed when its keys and values, uncompressed, have so many bytes; a file, when it
// has.
inline constexpr std::size_t kBlockBytes = std::size_t{1} << 20U;
inline constexpr std::uint64_t kFileBytes = std::uint64_t{64} << 20U;
// The most that a block may have: one key and a value of the greatest size.
inline constexpr std::size_t kBlockBytesMax = (std::size_t{1} << 32U) - 1;

// An open file, closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

// The failure of a call on a path, with the system's reason (errno): "cannot write /b/rows-000001:
// No space left on device".
core::Failure file_failure(std::string_view what, const std::string& path);
core::Result<void> write_whole(const Descriptor& file, const std::string& path,
                               std::string_view bytes);
// Creates a file with this content, for its owner alone, and syncs it.
core::Result<void> write_new_file(const std::string& path, std::string_view content);
// Reads a file of at most `size_max` bytes.
core::Result<std::string> read_small_file(const std::string& path, std::size_t size_max);
core::Result<void> sync_file(const Descriptor& file, const std::string& path);
core::Result<void> sync_folder(const std::string& path);

// Writes the blocks of one file. Not thread-safe.
class BlockWriter {
 public:
  // Creates the file, which must not exist, for its owner alone. `name` is its name in the folder.
  static core::Result<BlockWriter> create(const std::string& folder, const std::string& name,
                                          transport::Compressor& compressor);
  core::Result<void> add(std::string_view content);
  // Syncs and closes the file.
  core::Result<void> finish();

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t checksum() const { return checksum_; }

 private:
  BlockWriter(Descriptor file, std::string path, std::uint64_t checksum,
              transport::Compressor& compressor);

  Descriptor file_;
  std::string path_;
  std::uint64_t size_ = 0;
  std::uint64_t checksum_;
  transport::Compressor* compressor_;
};

// Reads the blocks of one file. Failures are kCorrupt with the place, or kIo; they name no file.
class BlockReader {
 public:
  static core::Result<BlockReader> open(const std::string& folder, const std::string& name);
  // Reads the next block; returns whether there was one.
  core::Result<bool> next();
  [[nodiscard]] std::string_view content() const { return content_; }
  // Where the block begins in the file.
  [[nodiscard]] std::uint64_t place() const { return place_; }
  // The bytes of the file, and the checksum of all blocks so far.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t checksum() const { return checksum_; }

 private:
  BlockReader(Descriptor file, std::uint64_t size, std::uint64_t checksum);
  core::Result<void> read(std::string& bytes);

  Descriptor file_;
  std::uint64_t size_;
  std::uint64_t at_ = 0;
  std::uint64_t place_ = 0;
  std::uint64_t checksum_;
  std::string content_;
};

}  // namespace anabranch::leader
