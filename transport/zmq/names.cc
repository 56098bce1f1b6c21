#include "transport/zmq/names.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "core/system/thread_without_signals.h"
#include "transport/wake.h"

namespace anabranch::transport {

class Lookup {
 public:
  explicit Lookup(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  void know(Found found) {
    found_ = std::move(found);
    known_.store(true, std::memory_order_release);
  }
  [[nodiscard]] const Found* found() const {
    return known_.load(std::memory_order_acquire) ? &found_ : nullptr;
  }

 private:
  const std::string name_;
  Found found_;
  std::atomic<bool> known_{false};
};

struct Names::Shared {
  Resolve function;
  Wake wake;
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<Lookup>> under_way;
  std::deque<std::weak_ptr<Lookup>> waiting;  // Nobody wants those that have expired.
  std::size_t threads = 0;
};

Found resolve(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &list);
  Found found;
  if (error != 0) {
    found.why = "the name " + name + " cannot be looked up: " + ::gai_strerror(error);
    return found;
  }
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) != 0) {
      continue;
    }
    std::string host = text.data();
    if (each->ai_family == AF_INET6) host = "[" + host + "]";
    if (std::ranges::count(found.hosts, host) == 0) found.hosts.push_back(std::move(host));
  }
  ::freeaddrinfo(list);
  if (found.hosts.empty()) found.why = "the name " + name + " has no address on the network";
  return found;
}

Names::Names(Resolve function) : shared_(std::make_shared<Shared>()) {
  shared_->function = function ? std::move(function) : resolve;
}

Names::~Names() {
  const std::lock_guard lock(shared_->mutex);
  shared_->waiting.clear();
}

std::shared_ptr<const Lookup> Names::ask(const std::string& name) {
  const std::lock_guard lock(shared_->mutex);
  std::weak_ptr<Lookup>& known = shared_->under_way[name];
  if (auto lookup = known.lock(); lookup && lookup->found() == nullptr) return lookup;
  auto lookup = std::make_shared<Lookup>(name);
  known = lookup;
  if (shared_->threads == kThreadsMax) {
    shared_->waiting.push_back(lookup);
    return lookup;
  }
  try {
    core::start_quiet_thread([shared = shared_, lookup] { work(shared, lookup); }).detach();
    ++shared_->threads;
  } catch (const std::system_error&) {
    lookup->know({{}, "the name " + name + " cannot be looked up: the system begins no thread"});
  }
  return lookup;
}

void Names::work(const std::shared_ptr<Shared>& shared, std::shared_ptr<Lookup> lookup) {
  while (lookup) {
    lookup->know(shared->function(lookup->name()));
    shared->wake.signal();
    lookup.reset();
    const std::lock_guard lock(shared->mutex);
    while (!lookup && !shared->waiting.empty()) {
      lookup = shared->waiting.front().lock();
      shared->waiting.pop_front();
    }
    if (!lookup) --shared->threads;
  }
}

const Found* Names::answer(const Lookup& lookup) { return lookup.found(); }
int Names::fd() const { return shared_->wake.fd(); }
void Names::calm() const { shared_->wake.reset(); }

}  // namespace anabranch::transport
