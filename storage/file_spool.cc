#include "storage/file_spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "core/system_failure.h"

#include "core/system/standard_descriptors.h"

namespace anabranch::storage {
namespace {

using core::Failure;
using core::Result;

Failure failed(const char* call) {
  return core::system_failure(std::string("spool file: ") + call, errno);
}

class FileSpool final : public Spool {
 public:
  explicit FileSpool(int file) : file_(file) {}
  ~FileSpool() override { ::close(file_); }
  FileSpool(const FileSpool&) = delete;
  FileSpool& operator=(const FileSpool&) = delete;

  Result<void> append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return failed("pwrite");
      bytes.remove_prefix(static_cast<std::size_t>(written));
      size_ += static_cast<std::uint64_t>(written);
    }
    return {};
  }

  [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::size_t size) const override {
    if (offset >= size_) return std::string();
    std::string bytes(std::min<std::uint64_t>(size, size_ - offset), '\0');
    for (std::size_t got = 0; got < bytes.size();) {
      const auto read =
          ::pread(file_, bytes.data() + got, bytes.size() - got, static_cast<off_t>(offset + got));
      if (read < 0 && errno == EINTR) continue;
      if (read <= 0) return failed("pread");
      got += static_cast<std::size_t>(read);
    }
    return bytes;
  }

  [[nodiscard]] std::uint64_t size() const override { return size_; }

 private:
  int file_;
  std::uint64_t size_ = 0;
};

}  // namespace

Result<std::unique_ptr<Spool>> make_file_spool(const std::string& folder) {
  std::string name = folder + "/spool-XXXXXX";
  const int file = core::above_standard(::mkostemp(name.data(), O_CLOEXEC));
  if (file < 0) return failed("mkostemp");
  ::unlink(name.c_str());
  return std::unique_ptr<Spool>(std::make_unique<FileSpool>(file));
}

}  // namespace anabranch::storage
