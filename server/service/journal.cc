#include "server/service/journal.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "core/system/standard_error.h"

namespace anabranch::server {
namespace {

// Of syslog(3), by level.
constexpr std::array kPriorities{'7', '6', '4', '3', '3'};

}  // namespace

bool is_journal(const char* stream) {
  struct stat about {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &about) != 0) return false;
  return std::to_string(about.st_dev) + ':' + std::to_string(about.st_ino) == stream;
}

std::string journal_priority(LogLevel level) {
  return std::string("<") + kPriorities.at(static_cast<std::size_t>(level)) + '>';
}

std::string journal_line(LogLevel level, std::string_view region, std::string_view message) {
  std::string line = journal_priority(level);
  if (!region.empty()) line += std::string(region) + ": ";
  return line + std::string(message) + '\n';
}

void log_to_journal(LogLevel level) {
  set_log_sink(
      [](LogLevel each, std::string_view region, std::string_view message) {
        core::StandardError::write(journal_line(each, region, message));
      },
      level);
}

}  // namespace anabranch::server
