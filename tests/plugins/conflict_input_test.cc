// The bytes of a plugin's input.
#include "plugins/conflict_input.h"

#include <string>

#include <doctest/doctest.h>

namespace anabranch::plugins::conflict_input_test {
namespace {

std::string u32(std::uint32_t value) {
  std::string bytes;
  for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(value >> 8U * i));
  return bytes;
}

std::string sized(std::string_view bytes) {
  return u32(static_cast<std::uint32_t>(bytes.size())) + std::string(bytes);
}

TEST_CASE("an input has the layout of its number") {
  const ConflictInput conflict{
      .key = "bids/7",
      .prefix = "bids/",
      .type = 'h',
      .parts = {"h", "price", "s"},
      .siblings = {{.value = "100:ann", .base = "90:bob", .region = "eu", .time_ms = 0x0102030405},
                   {.value = "", .base = "", .region = "", .time_ms = -2},
                   {.value = "110:cid", .base = std::nullopt, .region = "us", .time_ms = 0}}};
  const std::string expected =
      u32(3) + sized("bids/7") + sized("bids/") + u32('h') + u32(3) + sized("h") + sized("price") +
      sized("s") + std::string("\5\4\3\2\1\0\0\0", 8) + sized("eu") + sized("90:bob") +
      sized("100:ann") + "\xfe\xff\xff\xff\xff\xff\xff\xff" + sized("") + sized("") + sized("") +
      std::string(8, '\0') + sized("us") + "\xff\xff\xff\xff" + sized("110:cid");
  CHECK(encode(conflict) == expected);
}

TEST_CASE("an input without siblings is five numbers") {
  CHECK(encode({}) == u32(0) + u32(0) + u32(0) + u32('s') + u32(0));
}

}  // namespace
}  // namespace anabranch::plugins::conflict_input_test
