// The files of http/page/, as they were when the library was built.
#pragma once

#include <span>
#include <string_view>

namespace anabranch::http {

struct PageFile {
  std::string_view name;
  std::string_view bytes;
};

// Of a source file that embed.cmake writes.
std::span<const PageFile> files();

}  // namespace anabranch::http
