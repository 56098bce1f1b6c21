#include "transport/key_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "core/system/secret_file.h"
#include "core/system/standard_descriptors.h"
#include "core/text.h"

namespace anabranch::transport {
namespace {

constexpr std::size_t kFileSizeMax = std::size_t{1} << 20U;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

core::Failure io_failure(const std::string& what, const std::string& path) {
  return {ErrorCode::kIo, "cannot " + what + ' ' + path + ": " + std::strerror(errno)};
}

core::Failure no_folder_for(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return {ErrorCode::kIo, "cannot make " + path + ": there is no folder " +
                              (folder.empty() ? "." : folder) + ", make it first"};
}

enum class Privacy { kSecret, kPublic };

// Checks a secret file on the opened descriptor, so that the file cannot be replaced in between.
core::Result<std::string> read_file(const std::string& path, Privacy privacy) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat facts {};
  if (file.number() < 0 || ::fstat(file.number(), &facts) != 0) return io_failure("read", path);
  if (!S_ISREG(facts.st_mode)) return core::invalid(path + " is not a file");
  if (privacy == Privacy::kSecret) {
    const std::string why = core::why_exposed(facts, core::FileReader::self());
    if (!why.empty()) return core::invalid(path + ": " + why);
  }
  std::string text(kFileSizeMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.number(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_failure("read", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kFileSizeMax) return core::invalid(path + " is too large for a file of keys");
  text.resize(size);
  return std::string(core::without_mark(text));
}

}  // namespace

core::Result<void> save_own_keys(const std::string& path, const OwnKeys& keys) {
  const Descriptor file(
      core::above_standard(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)));
  if (file.number() < 0 && errno == EEXIST) {
    return core::Failure{ErrorCode::kBusy, path + " is there already, and is left as it is"};
  }
  if (file.number() < 0 && errno == ENOENT) return no_folder_for(path);
  if (file.number() < 0) return io_failure("make", path);
  const std::string text = encode_own_keys(keys);
  const bool written =
      ::write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(file.number()) == 0;
  return written ? core::Result<void>() : io_failure("write", path);
}

core::Result<SharedKeys> load_keys(const std::string& own_path, const std::string& known_path,
                                   const std::string& region) {
  const auto own_text = read_file(own_path, Privacy::kSecret);
  if (!own_text.ok()) return own_text.failure();
  auto own = decode_own_keys(own_text.value(), own_path);
  if (!own.ok()) return own.failure();
  if (own.value().region != region) {
    return core::invalid(own_path + " has the keys of region " + own.value().region + ", not of " +
                         region);
  }
  const auto known_text = read_file(known_path, Privacy::kPublic);
  if (!known_text.ok()) return known_text.failure();
  auto known = decode_known_keys(known_text.value(), known_path);
  if (!known.ok()) return known.failure();
  return SharedKeys(
      std::make_shared<const Keys>(Keys{std::move(own).value(), std::move(known).value()}));
}

}  // namespace anabranch::transport
