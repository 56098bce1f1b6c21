// Validates options before anything is opened.
#pragma once

#include <anabranch/options.h>

#include "core/result.h"

namespace anabranch::leader {

// Fails with kInvalid and one line that names the option.
core::Result<void> check_options(const Options& options);

}  // namespace anabranch::leader
