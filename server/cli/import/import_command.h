// The row of `anabranch import`.
#pragma once

#include "server/cli/command.h"

namespace anabranch::server::cli {

Command import_command();

}  // namespace anabranch::server::cli
