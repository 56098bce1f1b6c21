#include "regions/delivery/key_signatures.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "core/assert.h"

namespace anabranch::regions {

namespace {

static_assert(crypto_sign_BYTES == regions::SignedPosition::kSignatureSize);

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string KeySignatures::sign(std::string_view bytes) const {
  const transport::OwnKeys& own = keys_->own;
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
  std::copy(own.signing_seed.begin(), own.signing_seed.end(), secret.begin());
  std::copy(own.signing_public.begin(), own.signing_public.end(),
            secret.begin() + crypto_sign_SEEDBYTES);
  std::string signature(crypto_sign_BYTES, '\0');
  const int failed = crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()),
                                          nullptr, bytes_of(bytes), bytes.size(), secret.data());
  sodium_memzero(secret.data(), secret.size());
  ANABRANCH_ASSERT(failed == 0);
  return signature;
}

std::optional<transport::Key> KeySignatures::signer(std::string_view region, std::string_view bytes,
                                                    std::string_view signature) const {
  if (signature.size() != crypto_sign_BYTES) return std::nullopt;
  const auto has_signed = [&](const transport::Key& key) {
    return crypto_sign_verify_detached(bytes_of(signature), bytes_of(bytes), bytes.size(),
                                       key.data()) == 0;
  };
  const auto known = std::ranges::find_if(keys_->known, [&](const transport::KnownKey& each) {
    return each.region == region && has_signed(each.signing);
  });
  if (known != keys_->known.end()) return known->signing;
  const bool is_own = region == keys_->own.region && has_signed(keys_->own.signing_public);
  return is_own ? std::optional(keys_->own.signing_public) : std::nullopt;
}

}  // namespace anabranch::regions
