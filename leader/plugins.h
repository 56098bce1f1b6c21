// Modules of plugins as the public API lists them.
#pragma once

#include <vector>

#include <anabranch/plugin.h>

#include "rows/row_reader.h"

namespace anabranch::leader {

// Returns all modules of a state, as Store::plugins does. Checks each anew.
[[nodiscard]] std::vector<PluginAt> list_plugins(const rows::RowReader& rows);

}  // namespace anabranch::leader
