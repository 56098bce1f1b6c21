// Reads a file from front to back in pieces, and gives views of them. Who wants one record reads
// little; the pieces of who goes on are twice as large each time, up to kReadAhead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "storage/wal/files.h"

namespace anabranch::storage {

inline constexpr std::size_t kReadAhead = std::size_t{256} << 10U;
inline constexpr std::size_t kFirstReadAhead = std::size_t{16} << 10U;

// Not thread-safe.
class ReadAhead {
 public:
  explicit ReadAhead(std::shared_ptr<const File> file) : file_(std::move(file)) {}

  // Returns the bytes from `offset` on: `size` of them, or fewer when the file or `limit` ends
  // before. They are valid until the next call. Nothing at or behind `limit` is read ahead.
  core::Result<std::string_view> view(std::uint64_t offset, std::uint64_t size,
                                      std::uint64_t limit);

 private:
  std::shared_ptr<const File> file_;
  std::string buffer_;
  std::uint64_t begin_ = 0;  // The offset of the buffer.
  std::size_t filled_ = 0;
  std::size_t ahead_ = kFirstReadAhead;
};

}  // namespace anabranch::storage
