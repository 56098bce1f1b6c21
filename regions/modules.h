// Adds modules of plugins to the mesh's own rows (rows/policy/module_rows.h), and removes them, as
// ordinary transactions of the open group.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.h"
#include "regions/local_writer.h"

namespace anabranch::regions {

constexpr std::size_t kModulesMax = 256;  // That this leader adds; each has up to 1 MiB.

// Stages that a module is there, and returns its name; writes nothing if it is. Fails with kInvalid
// if the rule wasm1 does not admit it, kTooLarge if there are too many, and kIo for want of room on
// the disk. Throws kReadOnly on a follower.
[[nodiscard]] core::Result<std::string> add_module(LocalWriter& writer, std::string_view module);
// Stages that a module is not there. Fails with kInvalid if there is none of this name, or if a
// policy in force names it. Throws kReadOnly on a follower.
[[nodiscard]] core::Result<void> remove_module(LocalWriter& writer, std::string_view name);

}  // namespace anabranch::regions
