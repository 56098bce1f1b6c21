// Logging in: AUTH and HELLO AUTH.
#pragma once

#include <string_view>

#include "server/resp/command.h"

namespace anabranch::server {

// Makes the client of a call this user. Returns false if it may not be: then there is an error
// reply, or there will be one after a while (failed_logins.h).
bool log_in(Call& call, std::string_view name, std::string_view password);

}  // namespace anabranch::server
