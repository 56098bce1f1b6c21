// The rows of `anabranch doctor`, `drain` and `handover`.
#pragma once

#include "server/cli/command.h"

namespace anabranch::server::cli {

Command doctor_command();
Command drain_command();
Command handover_command();

}  // namespace anabranch::server::cli
