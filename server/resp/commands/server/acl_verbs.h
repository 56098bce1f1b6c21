// The verbs of ACL: users and their rights (access/users.h).
#pragma once

#include <span>

#include "server/resp/command.h"

namespace anabranch::server {

std::span<const Command> acl_verbs();

}  // namespace anabranch::server
