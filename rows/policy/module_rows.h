// The rows of plugins' modules in the mesh's own space:
//
//   [0, "module", HASH]     the bytes of a WebAssembly module; HASH is their BLAKE2b-256
//
// A policy names a module by the hexadecimal digits of its hash, so that a name never changes its
// meaning, and two regions that add one module add the same row. Of a row's values only one with
// that hash counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/path.h"
#include "crdt/row.h"

namespace anabranch::rows {

// Returns the name of a module: 64 digits.
[[nodiscard]] std::string module_name(std::string_view module);
// Returns whether a text can be the name of a module.
[[nodiscard]] bool is_module_name(std::string_view text);

// Returns the path above all rows of modules.
[[nodiscard]] const core::Path& modules_path();
// Returns the path of a module. The text must be a name.
[[nodiscard]] core::Path module_path(std::string_view name);
// Returns the name of the module at a path; nullopt if it is that of no module.
[[nodiscard]] std::optional<std::string> module_at(const core::Path& path);
// Returns the module in a cell; nullopt if no value of it has this name.
[[nodiscard]] std::optional<std::string> read_module(const crdt::Cell& cell, std::string_view name);

}  // namespace anabranch::rows
