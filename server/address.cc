#include "server/address.h"

#include "core/text.h"

namespace anabranch::server {

core::Result<Address> parse_address(std::string_view text) {
  const auto refuse = [&] {
    return core::invalid("must be HOST:PORT, such as 127.0.0.1:6400, not '" + std::string(text) +
                         "'");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return refuse();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":/") != host.npos) {
    return refuse();
  }
  const auto number = core::parse_port(port);
  if (!number || host.empty()) return refuse();
  return Address{std::string(host), *number};
}

}  // namespace anabranch::server
