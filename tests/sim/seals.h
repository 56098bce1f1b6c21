// Signatures of simulated regions: hashes that each region makes for itself alone, since nothing in
// a simulation asks for the seal of another one. Ed25519 would take most of the time.
#pragma once

#include <string>
#include <string_view>

#include "core/hash.h"
#include "regions/wire/signatures.h"
#include "storage/layout.h"

namespace anabranch::test {

class Seals final : public regions::Signatures {
 public:
  explicit Seals(std::string region) : region_(std::move(region)) {}

  [[nodiscard]] std::string sign(std::string_view bytes) const override {
    return seal(region_, bytes);
  }
  [[nodiscard]] bool verify(std::string_view region, std::string_view bytes,
                            std::string_view signature) const override {
    return signature == seal(region, bytes);
  }

 private:
  static std::string seal(std::string_view region, std::string_view bytes) {
    const core::Hash128 hash =
        core::digest128("the seal of " + std::string(region) + " under " + std::string(bytes));
    std::string signature;
    while (signature.size() < regions::SignedPosition::kSignatureSize) {
      signature += storage::big_endian(hash.high) + storage::big_endian(hash.low);
    }
    return signature;
  }

  std::string region_;
};

}  // namespace anabranch::test
