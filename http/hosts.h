// The names by which a port may be called. A page of another site can have its own name lead to
// this machine (DNS rebinding): then its requests carry that name as their Host.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/address.h"
#include "http/certificates.h"

namespace anabranch::http {

// Thread-safe.
class Hosts {
 public:
  // Names of this machine, those of the certificates if there are any, `names`, and the address
  // itself; of an address for all interfaces any number, which no page has as its own name.
  Hosts(const Address& address, std::vector<std::string> names,
        std::shared_ptr<const Certificates> certificates);

  // Returns whether a Host header is good.
  [[nodiscard]] bool allow(std::string_view host) const;

 private:
  const Address address_;
  const std::vector<std::string> names_;
  const std::shared_ptr<const Certificates> certificates_;
};

// Returns a Host header without its port, and without brackets: "localhost", "::1". Empty if it is
// none.
std::string_view name_in_host(std::string_view host);

// Whether a text may be a name here: letters, digits and "-_.", perhaps after "*.", or an address.
bool is_name(std::string_view text);

// Whether a host has a name: in any case, "eu.example" has "*.example".
bool has_name(std::string_view host, std::string_view name);

}  // namespace anabranch::http
