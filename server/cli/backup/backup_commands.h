// The rows of `anabranch backup`, `backup verify` and `restore`.
#pragma once

#include "server/cli/command.h"

namespace anabranch::server::cli {

Command backup_command();
Command backup_verify_command();
Command restore_command();

}  // namespace anabranch::server::cli
