// The text of the guest's header, so that a new project is complete.
#pragma once

#include <string_view>

namespace anabranch::server::cli {

// Returns <anabranch/guest/resolver.h> as it is in this version.
std::string_view resolver_header();

}  // namespace anabranch::server::cli
