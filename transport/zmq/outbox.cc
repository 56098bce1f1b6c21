#include "transport/zmq/outbox.h"

#include <utility>

namespace anabranch::transport {

void Outbox::push(Request request) {
  bool first = false;
  {
    const std::lock_guard lock{mutex_};
    first = requests_.empty();
    requests_.push_back(std::move(request));
  }
  if (first) wake_.signal();
}

void Outbox::take(std::vector<Request>& taken) {
  taken.clear();
  wake_.reset();
  const std::lock_guard lock{mutex_};
  taken.swap(requests_);
}

}  // namespace anabranch::transport
