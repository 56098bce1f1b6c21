// Signatures with the keys of the links: Ed25519, by libsodium. Signing takes about 30
// microseconds, checking about 90. Used by one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "regions/wire/signatures.h"
#include "transport/keys.h"

namespace anabranch::regions {

class KeySignatures final : public Signatures {
 public:
  explicit KeySignatures(transport::SharedKeys keys) : keys_(std::move(keys)) {}
  void use(transport::SharedKeys keys) { keys_ = std::move(keys); }
  // Returns the public key of the region that has signed the bytes; nullopt if none known has.
  [[nodiscard]] std::optional<transport::Key> signer(std::string_view region,
                                                     std::string_view bytes,
                                                     std::string_view signature) const;

  [[nodiscard]] std::string sign(std::string_view bytes) const override;
  [[nodiscard]] bool verify(std::string_view region, std::string_view bytes,
                            std::string_view signature) const override {
    return signer(region, bytes, signature).has_value();
  }

 private:
  transport::SharedKeys keys_;
};

}  // namespace anabranch::regions
