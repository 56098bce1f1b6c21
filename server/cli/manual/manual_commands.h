// The rows of `anabranch completion` and `manual`.
#pragma once

#include "server/cli/command.h"

namespace anabranch::server::cli {

Command completion_command();
Command manual_command();

}  // namespace anabranch::server::cli
