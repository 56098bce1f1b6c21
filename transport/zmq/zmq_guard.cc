#include "transport/zmq/zmq_guard.h"

#include <chrono>
#include <string_view>
#include <utility>

#include "core/system/descriptor_shares.h"
#include "core/text.h"

namespace anabranch::transport {
namespace {

constexpr std::size_t kRefusedMax = 1024;

std::string from(const std::string& address) {
  return address.empty() ? "a host that is gone again" : address;
}

}  // namespace

namespace {

Seconds wall_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Guard::Guard(zmq::context_t& context, std::string region, SharedKeys keys,
             std::function<Seconds()> wall_clock, AtomicCounters& counters)
    : keys_(std::move(keys)),
      wall_clock_(wall_clock ? std::move(wall_clock) : wall_seconds),
      counters_(counters),
      connections_(core::port_share(core::descriptor_limit()), keys_ != nullptr),
      warnings_(std::move(region)) {
  if (keys_) gate_.emplace(context);
}

core::Result<void> Guard::prepare_listener(zmq::context_t& context, zmq::socket_t& socket) {
  if (!keys_) return {};
  secure_listener(socket, keys_->own);
  return refuses_strangers(context, *gate_, *keys_);
}

void Guard::listen_at(const std::string& endpoint) {
  const std::string_view port = std::string_view(endpoint).substr(endpoint.rfind(':') + 1);
  connections_.listen_at(core::parse_port(port).value_or(0));
}

void Guard::serve() {
  if (!gate_) return;
  gate_->serve(*keys_, wall_clock_(), [&](const ZapGate::Refusal& refusal) { refuse(refusal); });
}

void Guard::refuse(const ZapGate::Refusal& refusal) {
  ++(refusal.is_expired ? counters_.keys_expired : counters_.keys_unknown);
  if (refused_.size() < kRefusedMax) ++refused_[refusal.address];
  warn("refused a connection from " + from(refusal.address) + ": " + refusal.why);
}

void Guard::on_event(const WatchedSocket::Event& event) {
  if (event.id == ZMQ_EVENT_ACCEPTED) {
    const std::optional<std::string> shut =
        connections_.open(event.descriptor, std::chrono::steady_clock::now());
    if (!shut) return;
    ++counters_.connections_excess;
    warn("ended a connection from " + from(*shut) + ": more than " +
         std::to_string(connections_.max()) + " are open");
    return;
  }
  const std::optional<Connection> over = connections_.close(event.descriptor);
  if (!over || over->is_link || over->gives_way) return;
  // The host is unknown when the connection was over before the look at it.
  const auto refused = over->address.empty() ? refused_.begin() : refused_.find(over->address);
  if (refused != refused_.end()) {  // Counted and named when its key was refused.
    if (--refused->second == 0) refused_.erase(refused);
    return;
  }
  ++counters_.handshakes_failed;
  warn("a connection from " + from(over->address) + " came to nothing: it " +
       (keys_ ? "had no key, " : "") + "spoke another protocol, or not at all");
}

std::string Guard::user_id(const Incoming& incoming) const {
  if (!keys_) return {};
  const char* const id = zmq_msg_gets(incoming.frame.handle(), "User-Id");
  return id == nullptr ? "" : id;
}

std::optional<std::string> Guard::region(const std::string& user_id) const {
  if (!keys_) return std::string();
  const KnownKey* const key = ZapGate::find(*keys_, user_id);
  if (key == nullptr || !key->valid_at(wall_clock_())) return std::nullopt;
  return key->region;
}

void Guard::end_endless(bool is_paused) {
  for (const int descriptor : connections_.endless(is_paused ? kPausedBytesMax : kUnreadBytesMax)) {
    ++counters_.messages_endless;
    warn("ended the connection from " + from(connections_.address(descriptor)) +
         ": it sends a message that does not end");
    connections_.shut(descriptor);
  }
}

core::Result<std::optional<Key>> Guard::prepare_dialler(zmq::socket_t& socket,
                                                        const std::string& region,
                                                        std::size_t attempt) const {
  if (!keys_) return std::optional<Key>();
  const std::vector<Key> valid = keys_->curve_keys(region, wall_clock_());
  if (valid.empty()) return core::invalid("no valid key of region " + region + " is known");
  const Key& key = valid[attempt % valid.size()];
  secure_dialler(socket, keys_->own, key);
  return std::optional<Key>(key);
}

bool Guard::is_valid(const Key& key) const {
  const KnownKey* const known = keys_ ? keys_->find(key) : nullptr;
  return known != nullptr && known->valid_at(wall_clock_());
}

}  // namespace anabranch::transport
