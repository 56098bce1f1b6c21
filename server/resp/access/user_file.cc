#include "server/resp/access/user_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "control/resp/file.h"
#include "core/log.h"
#include "core/system/secret_file.h"
#include "core/text.h"

namespace anabranch::server {
namespace {

using control::File;

constexpr std::size_t kBytesMax = std::size_t{16} << 20U;

core::Failure failed(const std::string& what, const std::string& path) {
  return {ErrorCode::kIo, "cannot " + what + " " + path + ": " + std::strerror(errno)};
}

// Checks an opened file, which cannot be replaced in between.
core::Result<void> check(const struct stat& facts, const std::string& path) {
  if (!S_ISREG(facts.st_mode)) return core::invalid(path + " is not a file");
  if (const std::string why = core::why_exposed(facts, core::FileReader::self()); !why.empty()) {
    return core::invalid(path + ": " + why);
  }
  if (facts.st_uid != ::geteuid() && facts.st_uid != 0) {
    return core::invalid(path + " belongs to another user of this machine: chown it");
  }
  if (facts.st_size > static_cast<off_t>(kBytesMax)) {
    return core::invalid(path + " has more than " + std::to_string(kBytesMax) + " bytes");
  }
  return {};
}

bool write_all(const File& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file.fd(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file.fd()) == 0;
}

// Makes the new name of a file last.
bool sync_folder(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const File opened(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.open() && ::fsync(opened.fd()) == 0;
}

}  // namespace

core::Result<std::string> read_user_file(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat facts {};
  if (!file.open() || ::fstat(file.fd(), &facts) != 0) return failed("read", path);
  if (const auto checked = check(facts, path); !checked.ok()) return checked.failure();
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.fd(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return std::string(core::without_mark(text));
}

core::Result<void> write_user_file(const std::string& path, std::string_view text) {
  std::string temporary = path + ".XXXXXX";
  const File file(::mkostemp(temporary.data(), O_CLOEXEC));  // Mode 0600.
  if (!file.open()) return failed("make a file beside", path);
  if (!write_all(file, text) || ::rename(temporary.c_str(), path.c_str()) != 0) {
    core::Failure failure = failed("write", path);
    ::unlink(temporary.c_str());
    return failure;
  }
  if (!sync_folder(path)) return failed("sync the folder of", path);
  return {};
}

core::Result<Users> load_users(const std::string& path, const Catalogue& catalogue) {
  Users users(catalogue);
  if (path.empty()) return users;
  const core::Result<std::string> text = read_user_file(path);
  if (!text.ok()) return text.failure();
  const auto replaced = users.replace(text.value(), path);
  if (!replaced.ok()) return replaced.failure();
  if (users.default_user().is_open()) {
    core::log_warning({}, path +
                              ": the user default needs no password, so everybody who can "
                              "connect has its rights");
  }
  return users;
}

}  // namespace anabranch::server
