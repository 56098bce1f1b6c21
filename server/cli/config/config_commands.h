// The rows of `anabranch config show` and `config new`.
#pragma once

#include "server/cli/command.h"

namespace anabranch::server::cli {

Command config_show_command();
Command config_new_command();

}  // namespace anabranch::server::cli
