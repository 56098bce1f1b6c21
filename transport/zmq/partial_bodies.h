// The bodies of which a part has come, of all links. Each link may hold one of up to
// kMessageSizeMax; so that many links of one peer cannot take all memory, they have a bound in sum.
// Beyond it the source that holds most gives way, an address or a key: whoever makes many links
// outnumbers itself alone. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "transport/transport.h"

namespace anabranch::transport {

class PartialBodies {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{768} << 20U;

  explicit PartialBodies(std::size_t bytes_max = kBytesMax) : bytes_max_(bytes_max) {}

  // Tells that so much of a body of a link has come; 0: none is open any more.
  void note(LinkId link, std::string_view source, std::size_t bytes);
  // Returns the link to be ended when there is too much: of the source that holds most, the one
  // whose body began last.
  [[nodiscard]] std::optional<LinkId> too_much() const;
  // Returns the bytes of all.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Body {
    std::string source;
    std::size_t bytes = 0;
    std::uint64_t number = 0;  // In the order of their beginnings.
  };

  const std::size_t bytes_max_;
  std::unordered_map<LinkId, Body> bodies_;
  std::size_t bytes_ = 0;
  std::uint64_t numbered_ = 0;
};

}  // namespace anabranch::transport
