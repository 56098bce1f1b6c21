#include "http/token.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "control/resp/file.h"
#include "core/text.h"

namespace anabranch::http {
namespace {

using control::File;
using core::Failure;
using core::Result;

constexpr mode_t kMode = 0600;
constexpr mode_t kOthers = 0077;
constexpr std::size_t kBytes = 32;
constexpr std::size_t kDigits = 2 * kBytes;

Failure failed(const std::string& call, const std::string& path) {
  return {ErrorCode::kIo,
          call + " for " + path + " failed: " + std::generic_category().message(errno)};
}

Result<std::string> make(const std::string& path) {
  if (sodium_init() < 0) return Failure{ErrorCode::kIo, "there is no randomness"};
  std::string bytes(kBytes, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  const std::string digits = core::to_hex(bytes);
  // Under another name first: a process that is killed leaves no half of a token.
  const std::string draft = path + ".new";
  ::unlink(draft.c_str());
  const File file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
  if (!file.open()) return failed("open", draft);
  const std::string line = digits + '\n';
  if (::write(file.fd(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    return failed("write", draft);
  }
  if (::fsync(file.fd()) != 0 || ::rename(draft.c_str(), path.c_str()) != 0) {
    return failed("rename", draft);
  }
  return digits;
}

}  // namespace

Result<Token> Token::open(const std::string& directory) {
  const std::string path = directory + '/' + std::string(kFile);
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.open() && errno != ENOENT) return failed("open", path);
  if (!file.open()) {
    Result<std::string> made = make(path);
    if (!made.ok()) return made.failure();
    return Token(std::move(made).value());
  }
  struct stat status = {};
  if (::fstat(file.fd(), &status) != 0) return failed("fstat", path);
  if ((status.st_mode & kOthers) != 0) {
    return core::invalid("others may read " + path +
                         ": remove it, and a new one is made at the next start");
  }
  std::array<char, kDigits + 2> text{};
  const ssize_t size = ::read(file.fd(), text.data(), text.size());
  if (size < 0) return failed("read", path);
  std::string digits(text.data(), static_cast<std::size_t>(size));
  if (digits.ends_with('\n')) digits.pop_back();
  if (digits.size() != kDigits || digits.find_first_not_of("0123456789abcdef") != digits.npos) {
    return core::invalid(path +
                         " does not hold 64 hexadecimal digits: remove it, and a new one "
                         "is made at the next start");
  }
  return Token(std::move(digits));
}

bool Token::is_in(std::string_view authorization) const {
  constexpr std::string_view kBearer = "Bearer ";
  if (!authorization.starts_with(kBearer)) return false;
  authorization.remove_prefix(kBearer.size());
  if (authorization.size() != digits_.size()) return false;
  return sodium_memcmp(authorization.data(), digits_.data(), digits_.size()) == 0;
}

}  // namespace anabranch::http
