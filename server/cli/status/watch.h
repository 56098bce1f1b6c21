// Something shown again and again, until Ctrl-C.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "server/cli/command.h"

namespace anabranch::server::cli {

struct Frame {
  std::string text;  // Whole lines.
  ExitCode code = kClean;
};

// Prints what `look` returns, every so often, until SIGINT or SIGTERM; returns the code of the last
// frame. On a terminal a frame is drawn over the one before, as much of it as there is room for;
// elsewhere they follow each other. Changes the handlers of both signals.
ExitCode watch(std::chrono::milliseconds every, const std::function<Frame()>& look);

}  // namespace anabranch::server::cli
