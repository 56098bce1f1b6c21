#include "server/cli/import/lzf.h"

#include <cstdint>

namespace anabranch::server::cli {
namespace {

// Reads bytes off the front; 0 behind the end, where `short_of` becomes true.
struct Front {
  std::string_view left;
  bool short_of = false;

  unsigned byte() {
    if (left.empty()) {
      short_of = true;
      return 0;
    }
    const auto value = static_cast<unsigned char>(left.front());
    left.remove_prefix(1);
    return value;
  }
};

}  // namespace

std::optional<std::string> lzf_expand(std::string_view packed, std::size_t size) {
  std::string out;
  Front in{packed};
  while (!in.left.empty()) {
    const unsigned control = in.byte();
    if (control < 32) {  // A run of bytes as they are.
      const std::size_t run = control + 1;
      if (run > in.left.size() || run > size - out.size()) return std::nullopt;
      out.append(in.left.substr(0, run));
      in.left.remove_prefix(run);
      continue;
    }
    // A run that stood in the output before, possibly up to its own beginning.
    std::size_t run = control >> 5U;
    if (run == 7) run += in.byte();
    run += 2;
    const std::size_t back = ((control & 31U) << 8U) + in.byte() + 1;
    if (in.short_of || back > out.size() || run > size - out.size()) return std::nullopt;
    for (std::size_t i = 0; i < run; ++i) out.push_back(out[out.size() - back]);
  }
  if (out.size() != size) return std::nullopt;
  return out;
}

}  // namespace anabranch::server::cli
