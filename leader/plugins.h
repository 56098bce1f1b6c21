// Modules of plugins as the public API lists them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/plugin.h>

#include "core/result.h"
#include "rows/hooks/module_pool.h"
#include "rows/row_reader.h"

namespace anabranch::leader {

// Some modules of a state, in the order of their names.
struct PluginPage {
  std::vector<PluginAt> plugins;
  std::string after;  // The last name, behind which the next page begins; empty behind all.
};

// Returns the modules behind a name, from the first one on if the name is empty, as Store::plugins
// does. A page ends with the module that brings it to `bytes_max`. Modules that `pool` has loaded
// are not checked anew. Fails with kInvalid where the text can be no name.
[[nodiscard]] core::Result<PluginPage> list_plugins(const rows::RowReader& rows,
                                                    const rows::ModulePool& pool,
                                                    std::string_view after, std::size_t bytes_max);

}  // namespace anabranch::leader
