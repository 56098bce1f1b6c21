// LZF, the compression of strings in files of Redis. Only decompression.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace anabranch::server::cli {

// Returns the bytes that were compressed; nullopt unless they are exactly `size`.
std::optional<std::string> lzf_expand(std::string_view packed, std::size_t size);

}  // namespace anabranch::server::cli
