#include "server/cli/status/watch.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <string_view>

#include "server/steady_clock.h"

namespace anabranch::server::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSliceMs{50};  // A signal just before a wait is noticed after it.

volatile std::sig_atomic_t is_over = 0;

void end(int /*signal*/) { is_over = 1; }

// Without SA_RESTART: a leader that does not answer is not waited for.
void end_by_signals() {
  is_over = 0;
  struct sigaction action {};
  action.sa_handler = end;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

std::size_t rows_of_terminal() {
  constexpr std::size_t kUsual = 24;
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1;
  return known ? size.ws_row : kUsual;
}

// Draws over what is there, line by line, so that nothing flickers. Long lines are cut (?7l), and
// the last row stays empty, so that nothing scrolls.
std::string drawn(std::string_view text, std::size_t rows) {
  std::string drawing = "\x1b[?7l\x1b[H";
  for (std::size_t row = 1; row < rows && !text.empty(); ++row) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    drawing.append(text.substr(0, end)).append("\x1b[K\r\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return drawing + "\x1b[J\x1b[?7h";
}

void wait_until(SteadyTime until) {
  while (is_over == 0 && steady_now() < until) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_now());
    ::poll(nullptr, 0, static_cast<int>(std::clamp(left, milliseconds(0), kSliceMs).count()));
  }
}

}  // namespace

ExitCode watch(milliseconds every, const std::function<Frame()>& look) {
  end_by_signals();
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  if (is_terminal) std::cout << "\x1b[2J";
  ExitCode code = kClean;
  for (SteadyTime due = steady_now(); is_over == 0;) {
    const Frame frame = look();
    if (is_over != 0) break;  // It may have been interrupted.
    code = frame.code;
    std::cout << (is_terminal ? drawn(frame.text, rows_of_terminal()) : frame.text) << std::flush;
    if (!std::cout) return kFailed;
    due = std::max(due + every, steady_now());
    wait_until(due);
  }
  return code;
}

}  // namespace anabranch::server::cli
