#include "server/resp/commands/values/grown_string.h"

#include <string_view>

#include "server/resp/host.h"

namespace anabranch::server {
namespace {

// In the words of a write.
void expect_size(const Call& call, std::size_t size) {
  const std::size_t most = call.host.options.value_bytes_max;
  if (size <= most) return;
  throw Error(ErrorCode::kTooLarge, "a value of " + std::to_string(size) +
                                        " bytes is over the limit of " + std::to_string(most) +
                                        " bytes (value_bytes_max)");
}

}  // namespace

std::string copy_to_grow(const Call& call, const Key& key,
                         const std::function<std::size_t(std::size_t)>& grown) {
  std::string value;
  const auto copy = [&](std::string_view bytes) {
    const std::size_t size = grown(bytes.size());
    if (size > bytes.size()) expect_size(call, size);
    value.reserve(size);
    value = bytes;
  };
  if (!call.scope.show(key.of(Type::kString), copy)) {
    expect_type(call.scope, key, Type::kString);
    copy({});
  }
  return value;
}

}  // namespace anabranch::server
