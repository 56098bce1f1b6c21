// The row of `anabranch demo`.
#pragma once

#include "server/cli/command.h"

namespace anabranch::server::cli {

Command demo_command();

}  // namespace anabranch::server::cli
