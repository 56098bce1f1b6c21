// Whether clients of other machines could come in without TLS or without a password.
#pragma once

#include <string>

#include "core/result.h"

namespace anabranch::server {

struct Exposure {
  std::string address;      // Of the port without TLS; empty: there is none.
  std::string tls_address;  // Of the one with TLS, likewise.
  bool insecure = false;    // An operator wants it so.
  bool open = true;         // The user `default` needs no password.
};

// Fails with kInvalid, and a sentence, for addresses that may not be listened on.
core::Result<void> check_exposure(const Exposure& exposure);

// The same of the HTTP port.
struct HttpExposure {
  std::string address;  // HOST:PORT or unix:PATH; empty: there is none.
  bool has_tls = false;
  bool insecure = false;  // Here and below as above.
  bool open = true;

  // Whether other machines reach it.
  [[nodiscard]] bool is_outside() const;
};

core::Result<void> check_exposure(const HttpExposure& exposure);

}  // namespace anabranch::server
