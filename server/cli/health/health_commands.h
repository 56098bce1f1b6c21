// The rows of `anabranch doctor` and `drain`.
#pragma once

#include "server/cli/command.h"

namespace anabranch::server::cli {

Command doctor_command();
Command drain_command();

}  // namespace anabranch::server::cli
