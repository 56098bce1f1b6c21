// Modules for tests, from WebAssembly text.
#pragma once

#include <string>
#include <string_view>

namespace anabranch::test {

// Returns the binary form of a module in text, valid or not. Throws std::runtime_error where the
// text cannot be read.
std::string wasm(std::string_view text);

// Returns a module with a memory and `alloc`, and `body` beside them. The names there:
// `$alloc` gives out bytes one after another from 1024 on, and grows the memory; `$free` is its
// global. `memory` begins with 1 page and is limited by the rule alone.
std::string guest(std::string_view body);

// The same with a function `anabranch_resolve_1` of `code`, with parameters $at and $size.
std::string resolver(std::string_view code, std::string_view beside = "");

}  // namespace anabranch::test
