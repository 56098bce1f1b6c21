// The text of INFO: sections of lines "name:value", for clients and monitoring.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <anabranch/scope.h>

#include "server/resp/host.h"

namespace anabranch::server {

// Returns the named sections, in any case; all of them if no name is given or one is "all",
// "default" or "everything". Unknown names are ignored; so are sections that tell about keys,
// unless the client may use all keys.
std::string make_info(const Host& host, const Scope& scope, bool all_keys,
                      std::span<const std::string_view> sections);

// The same for a client of the Sentinel port, which has few sections.
std::string make_sentinel_info(const Host& host, std::span<const std::string_view> sections);

}  // namespace anabranch::server
