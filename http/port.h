// The HTTP port, put together: connections and site. What a program with users and certificates of
// its own uses; <anabranch/http.h> is for all others.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <anabranch/http.h>

#include "control/http_figures.h"
#include "http/address.h"
#include "http/certificates.h"
#include "http/connections.h"
#include "http/gate.h"
#include "http/site.h"

namespace anabranch::http {

struct PortOptions {
  HttpOptions http;
  // Addresses that other machines reach may be listened on: whoever sets it has checked that.
  bool anywhere = false;
  std::vector<std::string> hosts = {};              // Further names of this machine (hosts.h).
  std::shared_ptr<Certificates> certificates = {};  // Null: no TLS.
  std::shared_ptr<Gate> gate = {};                  // Null: no users.
  std::string documents = {};                       // The folder of their site; empty: none.
};

// All functions are thread-safe.
class Port {
 public:
  // Listens and begins to answer. Throws Error: kInvalid for options that cannot be, and if there
  // is no control socket; kBusy if the address is in use; kIo.
  explicit Port(const PortOptions& options);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // "https://127.0.0.1:8080", with the real port, or "unix:PATH".
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  const Address address_;
  const std::shared_ptr<control::HttpFigures> figures_;
  std::string name_;
  Site site_;
  Connections connections_;
};

}  // namespace anabranch::http
