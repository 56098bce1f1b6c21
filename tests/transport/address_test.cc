#include "transport/address.h"

#include <doctest/doctest.h>

#include <string>

namespace anabranch::transport::address_test {

TEST_SUITE_BEGIN("transport: address");

TEST_CASE("names, IPv4 and bracketed IPv6 addresses can be dialled") {
  for (const std::string address :
       {"tcp://127.0.0.1:7400", "tcp://eu-west.example.org:1", "tcp://[::1]:65535"}) {
    CAPTURE(address);
    CHECK(check_address(address, AddressUse::kDial).ok());
    CHECK(check_address(address, AddressUse::kListen).ok());
  }
  CHECK(is_ipv6("tcp://[::1]:7400"));
  CHECK_FALSE(is_ipv6("tcp://127.0.0.1:7400"));
}

TEST_CASE("any host and any port can be listened on but not dialled") {
  for (const std::string address : {"tcp://*:7400", "tcp://127.0.0.1:*", "tcp://127.0.0.1:0"}) {
    CAPTURE(address);
    CHECK(check_address(address, AddressUse::kListen).ok());
    CHECK_FALSE(check_address(address, AddressUse::kDial).ok());
  }
}

TEST_CASE("a malformed address is refused with one line that names it") {
  for (const std::string address :
       {"", "tcp://", "tcp://:7400", "127.0.0.1:7400", "tcp://127.0.0.1", "tcp://127.0.0.1:",
        "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:74x", "ipc:///tmp/x:1",
        "tcp://1.2.3.4;5.6.7.8:1", "tcp://a b:1", "tcp://::1:7400", "tcp://[]:1", "inproc://x:1"}) {
    CAPTURE(address);
    for (const AddressUse use : {AddressUse::kDial, AddressUse::kListen}) {
      const core::Result<void> checked = check_address(address, use);
      REQUIRE_FALSE(checked.ok());
      CHECK(checked.failure().code == ErrorCode::kInvalid);
      CHECK(checked.failure().message.find('"' + address + '"') != std::string::npos);
      CHECK(checked.failure().message.find('\n') == std::string::npos);
    }
  }
}

TEST_SUITE_END();

}  // namespace anabranch::transport::address_test
