#include "regions/check_options.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace anabranch::regions {

namespace {

constexpr std::size_t kNameSizeMax = 64;

bool is_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= kNameSizeMax && std::ranges::all_of(name, allowed);
}

// Until links are authenticated, only this machine may connect.
bool is_loopback(std::string_view address) {
  constexpr std::array<std::string_view, 3> kLocal = {"tcp://127.",
                                                      "tcp://[::1]:", "tcp://localhost:"};
  return std::ranges::any_of(kLocal, [&](auto local) { return address.starts_with(local); });
}

}  // namespace

core::Result<void> check_options(const Options& options) {
  if (options.path.empty()) return core::invalid("the path of the data directory is empty");
  if (!is_name(options.region)) {
    return core::invalid("region \"" + options.region +
                         "\" is no name: 1 to 64 letters, digits, '-', '_' or '.'");
  }
  if (!is_name(options.mesh)) {
    return core::invalid("mesh \"" + options.mesh +
                         "\" is no name: 1 to 64 letters, digits, '-', '_' or '.'");
  }
  if (!options.listen.empty() && !is_loopback(options.listen)) {
    return core::invalid("will not listen on " + options.listen +
                         ": links have no authentication yet, so only addresses of this machine "
                         "are allowed, such as tcp://127.0.0.1:7400");
  }
  if (options.clock_drift_ms_max < 0) return core::invalid("clock_drift_ms_max is negative");
  return {};
}

}  // namespace anabranch::regions
