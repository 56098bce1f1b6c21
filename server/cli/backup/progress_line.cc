#include "server/cli/backup/progress_line.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>

#include "server/cli/printable.h"

namespace anabranch::server::cli {
namespace {

constexpr auto kEvery = std::chrono::milliseconds(100);
constexpr std::string_view kBegin = "\r\x1b[K";

}  // namespace

ProgressLine::ProgressLine() : shown_(::isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  if (any_) std::cerr << kBegin << std::flush;
}

void ProgressLine::show(std::string_view stage, std::uint64_t done, std::uint64_t total,
                        std::uint64_t bytes) {
  const SteadyTime now = steady_now();
  if (!shown_ || now < next_) return;
  next_ = now + kEvery;
  any_ = true;
  std::string text = printable(stage) + ": ";
  if (total > 0) {
    constexpr std::uint64_t kWhole = 100;
    text += std::to_string(std::min(kWhole, done * kWhole / total)) + " %, ";
  }
  text += std::to_string(done) + (total > 0 ? " of " + std::to_string(total) : "") + " entries";
  if (bytes > 0) text += ", " + byte_size(bytes);
  std::cerr << kBegin << text << std::flush;
}

}  // namespace anabranch::server::cli
