// The HTTP port of the embedded API.

#include <anabranch/http.h>

#include <memory>
#include <utility>

#include "http/port.h"

namespace anabranch {

class Http::Impl : public http::Port {
 public:
  using Port::Port;
};

Http Http::start(const HttpOptions& options) {
  return Http(std::make_unique<Impl>(http::PortOptions{.http = options}));
}

Http::Http(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Http::~Http() = default;
Http::Http(Http&& other) noexcept = default;
Http& Http::operator=(Http&& other) noexcept = default;

std::string Http::address() const { return impl_ ? impl_->name() : std::string(); }

void Http::stop() { impl_.reset(); }

}  // namespace anabranch
