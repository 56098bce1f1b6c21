// The text of INFO: sections of lines "name:value", as clients and monitoring read them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <anabranch/scope.h>

#include "server/resp/host.h"

namespace anabranch::server {

// The named sections, in any case; all of them when none is named or one is "all", "default" or
// "everything". Unknown names give nothing.
std::string make_info(const Host& host, const Scope& scope,
                      std::span<const std::string_view> sections);

}  // namespace anabranch::server
