// Refuses modules that the rule `wasm1` does not admit, with a sentence for their author. The first
// look at foreign bytes: it is not recursive and takes memory in proportion to the bytes, so that
// the passes behind it meet nothing that is deep or large.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace anabranch::plugins {

// Returns the module without its custom sections: names, producers and the like mean nothing to
// the rule. Bytes that are no sequence of sections stay as they are.
std::string without_custom_sections(std::string_view module);

// Returns why the bytes, without custom sections, are refused; nullopt if they pass. Types are not
// checked yet, nor whether the exports are there.
std::optional<std::string> refusal(std::string_view module);

}  // namespace anabranch::plugins
