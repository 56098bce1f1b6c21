#include "leader/backup/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/hash.h"
#include "core/little_endian.h"
#include "core/system/standard_descriptors.h"

namespace anabranch::leader {

using core::Failure;
using core::Result;

namespace {

// A block: flags, the size of what follows the header, its checksum, then the content.
constexpr std::size_t kSizeAt = 1;
constexpr std::size_t kSumAt = 5;
constexpr std::size_t kHeaderSize = 13;
constexpr char kPlain = 0;
constexpr char kZstd = 1;
constexpr mode_t kOwnerOnly = 0600;

// The checksum of a block's content, which depends on its place: no other block may stand there.
std::uint64_t sum_of(std::string_view stored, std::string_view head, std::uint64_t place) {
  return core::seeded64(stored, core::seeded64(head, place));
}

Result<Descriptor> open_file(const std::string& path, int flags, const char* what) {
  // To open a pipe waits for its other side unless O_NONBLOCK is there.
  const int fd =
      core::above_standard(::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, kOwnerOnly));
  if (fd < 0) return file_failure(what, path);
  Descriptor file(fd);
  struct stat found {};
  if (::fstat(fd, &found) != 0) return file_failure(what, path);
  const bool fits = (flags & O_DIRECTORY) != 0 ? S_ISDIR(found.st_mode) : S_ISREG(found.st_mode);
  if (!fits) return core::invalid(std::string(what) + " " + path + ": it is no regular file");
  return file;
}

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Failure file_failure(std::string_view what, const std::string& path) {
  const int error = errno;
  return {ErrorCode::kIo, std::string(what) + " " + path + ": " + std::strerror(error)};
}

Result<void> write_whole(const Descriptor& file, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(file.get(), bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return file_failure("cannot write", path);
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

Result<void> write_new_file(const std::string& path, std::string_view content) {
  const auto file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, "cannot create");
  if (!file.ok()) return file.failure();
  if (auto written = write_whole(file.value(), path, content); !written.ok()) return written;
  return sync_file(file.value(), path);
}

Result<std::string> read_small_file(const std::string& path, std::size_t size_max) {
  const auto file = open_file(path, O_RDONLY, "cannot read");
  if (!file.ok()) return file.failure();
  std::string text;
  constexpr std::size_t kPiece = std::size_t{64} << 10U;
  std::string piece(kPiece, '\0');
  while (text.size() <= size_max) {
    const ssize_t got = ::read(file.value().get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_failure("cannot read", path);
    if (got == 0) return text;
    text.append(piece, 0, static_cast<std::size_t>(got));
  }
  return core::corrupt(path + " is too large");
}

Result<void> sync_file(const Descriptor& file, const std::string& path) {
  if (::fsync(file.get()) != 0) return file_failure("cannot sync", path);
  return {};
}

Result<void> sync_folder(const std::string& path) {
  const auto folder = open_file(path, O_RDONLY | O_DIRECTORY, "cannot open");
  if (!folder.ok()) return folder.failure();
  return sync_file(folder.value(), path);
}

BlockWriter::BlockWriter(Descriptor file, std::string path, std::uint64_t checksum,
                         transport::Compressor& compressor)
    : file_(std::move(file)),
      path_(std::move(path)),
      checksum_(checksum),
      compressor_(&compressor) {}

Result<BlockWriter> BlockWriter::create(const std::string& folder, const std::string& name,
                                        transport::Compressor& compressor) {
  const std::string path = folder + '/' + name;
  auto file = open_file(path, O_WRONLY | O_CREAT | O_EXCL, "cannot create");
  if (!file.ok()) return file.failure();
  return BlockWriter(std::move(file).value(), path, core::checksum64(name), compressor);
}

Result<void> BlockWriter::add(std::string_view content) {
  if (content.size() > kBlockBytesMax) {
    return core::invalid("an entry is too large for a backup: " + std::to_string(content.size()) +
                         " bytes");
  }
  const std::optional<std::string> small = compressor_->compress(content);
  const std::string_view stored = small ? std::string_view(*small) : content;
  std::string header(1, small ? kZstd : kPlain);
  core::put_little(header, stored.size(), kSumAt - kSizeAt);
  core::put_little(header, sum_of(stored, header, size_), kHeaderSize - kSumAt);
  if (auto written = write_whole(file_, path_, header); !written.ok()) return written;
  if (auto written = write_whole(file_, path_, stored); !written.ok()) return written;
  checksum_ = core::seeded64(header, checksum_);
  size_ += header.size() + stored.size();
  return {};
}

Result<void> BlockWriter::finish() {
  auto synced = sync_file(file_, path_);
  file_ = Descriptor();
  return synced;
}

BlockReader::BlockReader(Descriptor file, std::uint64_t size, std::uint64_t checksum)
    : file_(std::move(file)), size_(size), checksum_(checksum) {}

Result<BlockReader> BlockReader::open(const std::string& folder, const std::string& name) {
  const std::string path = folder + '/' + name;
  auto file = open_file(path, O_RDONLY, "cannot read");
  if (!file.ok()) return file.failure();
  struct stat found {};
  if (::fstat(file.value().get(), &found) != 0) return file_failure("cannot read", path);
  return BlockReader(std::move(file).value(), static_cast<std::uint64_t>(found.st_size),
                     core::checksum64(name));
}

Result<void> BlockReader::read(std::string& bytes) {
  for (std::size_t size = 0; size < bytes.size();) {
    const ssize_t got = ::read(file_.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure{ErrorCode::kIo, std::string("read: ") + std::strerror(errno)};
    if (got == 0) return core::corrupt("it ends");
    size += static_cast<std::size_t>(got);
  }
  at_ += bytes.size();
  return {};
}

Result<bool> BlockReader::next() {
  place_ = at_;
  if (at_ == size_) return false;
  const std::string where = "at byte " + std::to_string(place_) + ": ";
  const auto fail = [&](const Failure& failure) {
    return Failure{failure.code, where + failure.message};
  };
  std::string header(kHeaderSize, '\0');
  if (size_ - at_ < kHeaderSize) return core::corrupt(where + "it ends within a block");
  if (auto got = read(header); !got.ok()) return fail(got.failure());
  const std::string_view view = header;
  const std::uint64_t size = core::little(view.substr(kSizeAt, kSumAt - kSizeAt));
  if (size > size_ - at_) return core::corrupt(where + "a block reaches beyond its end");
  std::string stored(size, '\0');
  if (auto got = read(stored); !got.ok()) return fail(got.failure());
  if (core::little(view.substr(kSumAt)) != sum_of(stored, view.substr(0, kSumAt), place_)) {
    return core::corrupt(where + "the checksum of a block is wrong");
  }
  checksum_ = core::seeded64(header, checksum_);
  if (header[0] == kPlain) {
    content_ = std::move(stored);
    return true;
  }
  if (header[0] != kZstd) return core::corrupt(where + "a block of an unknown form");
  auto content = transport::decompress(stored, kBlockBytesMax);
  if (!content.ok()) return fail(content.failure());
  content_ = std::move(content).value();
  return true;
}

}  // namespace anabranch::leader
