#include "transport/zmq/zmq_zap.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "transport/zmq/zmq_socket.h"

namespace anabranch::transport {
namespace {

using Clock = std::chrono::steady_clock;

// ZMQ_ZAP_ENFORCE_DOMAIN, a draft in the header; libzmq 4.3 has it.
constexpr int kZapEnforceDomain = 93;
constexpr std::string_view kDomain = "anabranch";
constexpr std::size_t kPartsMax = 16;
constexpr std::chrono::seconds kTestPatience{5};

void set_bytes(zmq::socket_t& socket, int option, const Key& key) {
  const int set = zmq_setsockopt(socket.handle(), option, key.data(), key.size());
  ANABRANCH_ASSERT(set == 0);
}

struct Question {
  std::string id;
  std::string address;
  std::string mechanism;
  std::string key;
};

// Returns the next question; nullopt when there is none. Parts: version, id, domain, address,
// routing id, mechanism, credentials.
std::optional<Question> next_question(zmq::socket_t& socket) {
  std::vector<std::string> parts;
  zmq::message_t part;
  do {
    if (!socket.recv(part, zmq::recv_flags::dontwait)) return std::nullopt;
    if (parts.size() < kPartsMax) parts.push_back(part.to_string());
  } while (part.more());
  parts.resize(7);
  return Question{parts[1], parts[3], parts[5], parts[6]};
}

void answer(zmq::socket_t& socket, const Question& question, const std::string& user_id) {
  const bool is_yes = !user_id.empty();
  const std::array<std::string, 6> parts{
      "1.0", question.id, is_yes ? "200" : "400", is_yes ? "OK" : "refused", user_id, ""};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto flags = i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
    socket.send(zmq::buffer(parts[i]), flags);
  }
}

Key key_of(std::string_view bytes) {
  Key key{};
  if (bytes.size() == key.size()) std::ranges::copy(bytes, key.begin());
  return key;
}

std::string port_of(const std::string& endpoint) { return endpoint.substr(endpoint.rfind(':')); }

// Dials, with these keys or none. Returns whether the connection got in; nullopt when that was not
// decided in time.
std::optional<bool> gets_in(zmq::context_t& context, ZapGate& gate, const Keys& keys,
                            const std::string& endpoint, const OwnKeys* stranger) {
  // Numbers of monitors that no link has.
  const std::uint64_t number = ~std::uint64_t{0} - (stranger == nullptr ? 0 : 1);
  WatchedSocket client(context, zmq::socket_type::dealer, ZMQ_EVENT_ALL, number);
  set_options(*client, endpoint);
  if (stranger != nullptr) secure_dialler(*client, *stranger, keys.own.curve_public);
  client->connect(endpoint);
  const auto deadline = Clock::now() + kTestPatience;
  while (Clock::now() < deadline) {
    std::array<zmq::pollitem_t, 2> items{
        {{gate.handle(), 0, ZMQ_POLLIN, 0}, {client.events_handle(), 0, ZMQ_POLLIN, 0}}};
    zmq_poll(items.data(), items.size(), 100);
    gate.serve(keys, 0, [](const ZapGate::Refusal&) {});
    while (const auto event = client.next()) {
      if (event->id == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) return true;
      constexpr int kRefused = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
      if ((event->id & kRefused) != 0) return false;
    }
  }
  return std::nullopt;
}

// Encrypted frames are longer than plain ones.
void allow_for_encryption(zmq::socket_t& socket) {
  constexpr std::int64_t kSizeMax = kFrameSizeMax + 64;
  const int set = zmq_setsockopt(socket.handle(), ZMQ_MAXMSGSIZE, &kSizeMax, sizeof(kSizeMax));
  ANABRANCH_ASSERT(set == 0);
}

}  // namespace

void secure_listener(zmq::socket_t& socket, const OwnKeys& own) {
  constexpr int kOn = 1;
  const int set = zmq_setsockopt(socket.handle(), ZMQ_CURVE_SERVER, &kOn, sizeof(kOn)) |
                  zmq_setsockopt(socket.handle(), ZMQ_ZAP_DOMAIN, kDomain.data(), kDomain.size()) |
                  zmq_setsockopt(socket.handle(), kZapEnforceDomain, &kOn, sizeof(kOn));
  ANABRANCH_ASSERT(set == 0);
  set_bytes(socket, ZMQ_CURVE_SECRETKEY, own.curve_secret);
  allow_for_encryption(socket);
}

void secure_dialler(zmq::socket_t& socket, const OwnKeys& own, const Key& server) {
  set_bytes(socket, ZMQ_CURVE_PUBLICKEY, own.curve_public);
  set_bytes(socket, ZMQ_CURVE_SECRETKEY, own.curve_secret);
  set_bytes(socket, ZMQ_CURVE_SERVERKEY, server);
  allow_for_encryption(socket);
}

ZapGate::ZapGate(zmq::context_t& context) : socket_(context, zmq::socket_type::rep) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.bind("inproc://zeromq.zap.01");
}

void ZapGate::serve(const Keys& keys, Seconds now,
                    const std::function<void(const Refusal&)>& refused) {
  while (const std::optional<Question> question = next_question(socket_)) {
    const bool is_curve = question->mechanism == "CURVE" && question->key.size() == sizeof(Key);
    const Key key = key_of(question->key);
    const KnownKey* known = is_curve ? keys.find(key) : nullptr;
    const bool is_valid = known != nullptr && known->valid_at(now);
    answer(socket_, *question, is_valid ? user_id(*known) : std::string());
    if (is_valid) continue;
    const bool is_expired = known != nullptr;
    refused({question->address,
             is_expired
                 ? "the key " + to_hex(key) + " of region " + known->region + " is not valid now"
                 : "nobody known has the key " + to_hex(key),
             is_expired});
  }
}

std::string ZapGate::user_id(const KnownKey& key) { return key.region + ' ' + to_hex(key.curve); }

const KnownKey* ZapGate::find(const Keys& keys, std::string_view user_id) {
  const auto found = std::ranges::find_if(
      keys.known, [&](const KnownKey& each) { return ZapGate::user_id(each) == user_id; });
  return found == keys.known.end() ? nullptr : &*found;
}

core::Result<void> refuses_strangers(zmq::context_t& context, ZapGate& gate, const Keys& keys) {
  zmq::socket_t listener(context, zmq::socket_type::router);
  constexpr const char* kAnyPort = "tcp://127.0.0.1:*";
  set_options(listener, kAnyPort);
  secure_listener(listener, keys.own);
  listener.bind(kAnyPort);
  const std::string endpoint =
      "tcp://127.0.0.1" + port_of(listener.get(zmq::sockopt::last_endpoint));
  const OwnKeys stranger = make_keys("stranger");
  for (const OwnKeys* each : {&stranger, static_cast<const OwnKeys*>(nullptr)}) {
    const std::optional<bool> got_in = gets_in(context, gate, keys, endpoint, each);
    if (got_in && !*got_in) continue;
    const std::string who = each == nullptr ? "without a key" : "with an unknown key";
    return core::Failure{ErrorCode::kIo,
                         "will not listen: the self-test, a connection " + who +
                             (got_in ? ", was let in" : ", was not refused in time")};
  }
  return {};
}

}  // namespace anabranch::transport
