// Signatures that show who signed, without keys: for tests of what follows from them.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/hash.h"
#include "regions/wire/signatures.h"

namespace anabranch::test {

class NamedSignatures final : public regions::Signatures {
 public:
  explicit NamedSignatures(std::string region) : region_(std::move(region)) {}

  [[nodiscard]] std::string sign(std::string_view bytes) const override {
    return made(region_, bytes);
  }
  [[nodiscard]] bool verify(std::string_view region, std::string_view bytes,
                            std::string_view signature) const override {
    return signature == made(region, bytes);
  }

 private:
  [[nodiscard]] static std::string made(std::string_view region, std::string_view bytes) {
    const core::Hash128 hash = core::digest128(std::string(region) + '\0' + std::string(bytes));
    std::string signature = std::to_string(hash.high) + ' ' + std::to_string(hash.low);
    signature.resize(regions::SignedPosition::kSignatureSize, ' ');
    return signature;
  }

  std::string region_;
};

}  // namespace anabranch::test
