#include "http/basic.h"

#include <sodium.h>

#include "control/verbs/words.h"

namespace anabranch::http {
namespace {

constexpr std::string_view kBasic = "basic ";
constexpr std::string_view kDefaultUser = "default";

}  // namespace

std::optional<Credentials> credentials_in(std::string_view authorization) {
  if (!control::same_word(authorization.substr(0, kBasic.size()), kBasic)) return std::nullopt;
  authorization.remove_prefix(kBasic.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  std::string text(authorization.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  const int done = ::sodium_base642bin(reinterpret_cast<unsigned char*>(text.data()), text.size(),
                                       authorization.data(), authorization.size(), nullptr, &size,
                                       &end, sodium_base64_VARIANT_ORIGINAL);
  if (done != 0 || end != authorization.data() + authorization.size()) return std::nullopt;
  text.resize(size);
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  Credentials found{text.substr(0, colon), text.substr(colon + 1)};
  if (found.user.empty()) found.user = kDefaultUser;
  return found;
}

}  // namespace anabranch::http
