#include "http/connections.h"

#include <libwebsockets.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <anabranch/error.h>

#include "core/log.h"
#include "core/system/descriptor_shares.h"
#include "core/text.h"
#include "http/crowd.h"
#include "http/received.h"
#include "leader/threads/begin_thread.h"

namespace anabranch::http {
namespace {

using Clock = std::chrono::steady_clock;
using Event = std::shared_ptr<const std::string>;

constexpr std::size_t kPart = std::size_t{32} << 10U;  // Written at once.
constexpr std::size_t kHeaders = 2048;
constexpr std::chrono::seconds kStall{30};
constexpr unsigned kRequestSeconds = static_cast<unsigned>(Crowd::kRequestTime.count());
constexpr std::chrono::seconds kUnreadTime{1};
constexpr int kIdleSeconds = 30;
constexpr unsigned kOtherDescriptors = 16;  // Of libwebsockets itself.
constexpr mode_t kSocketMode = 0600;

constexpr const char* kPolicy = "default-src 'self'; frame-ancestors 'self'; base-uri 'none'";

// The memory of libwebsockets for a connection: our number of its request.
struct Slot {
  std::uint64_t number;
};

// A request on a connection, and its answer.
struct Exchange {
  lws* wsi = nullptr;
  Request request;
  bool is_handed_over = false;
  bool is_answered = false;  // `answer` is there, and its delay over.
  bool has_begun = false;    // The headers are written.
  Answer answer;
  Event next;                    // Of a stream: behind `writing`.
  Event writing;                 // An event, or the body of the answer.
  std::size_t written = 0;       // Of it.
  Clock::time_point moved = {};  // When some of it was written last.
};

Crowd::State state_of(const Exchange& exchange, Clock::time_point now) {
  using enum Crowd::State;
  if (!exchange.is_handed_over && !exchange.is_answered) return kNoRequest;
  if (exchange.answer.is_stream) return exchange.answer.holds ? kStays : kStream;
  if (!exchange.has_begun) return kStays;
  if (!exchange.writing) return kIdle;
  return now - exchange.moved >= kUnreadTime ? kUnread : kStays;
}

// Whether the other end of a socket on a path is a process of this user, or of root.
bool is_own(int client) {
  sockaddr_storage name{};
  socklen_t name_size = sizeof(name);
  ::getsockname(client, reinterpret_cast<sockaddr*>(&name), &name_size);
  if (name.ss_family != AF_UNIX) return true;
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

// Answers in place of libwebsockets, which goes on with the next request then.
int refuse(lws* wsi, unsigned status, const char* why) {
  return lws_return_http_status(wsi, status, why) == 0 ? 1 : -1;
}

// The answer is written: libwebsockets takes the next request of the connection, or has it closed,
// as the request has said. Only a number below 0 closes it.
int end_answer(lws* wsi) { return lws_http_transaction_completed(wsi) == 0 ? 0 : -1; }

int refuse_raw(lws* wsi) {
  constexpr std::string_view kAnswer =
      "HTTP/1.1 405 Method Not Allowed\r\nallow: GET, POST\r\ncontent-length: 0\r\n"
      "connection: close\r\n\r\n";
  std::array<unsigned char, LWS_PRE + kAnswer.size()> space{};
  std::ranges::copy(kAnswer, space.begin() + LWS_PRE);
  (void)lws_write(wsi, space.data() + LWS_PRE, kAnswer.size(), LWS_WRITE_RAW);
  return -1;
}

// Mostly about broken requests: anybody could fill the log with them.
void log_line(int /*level*/, const char* line) {
  std::string_view text(line);
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  core::log_debug({}, "HTTP: " + std::string(text));
}

}  // namespace

class Connections::Impl {
 public:
  Impl(Settings settings, std::shared_ptr<control::HttpFigures> figures, OnRequest on_request);
  ~Impl();

  [[nodiscard]] std::uint16_t port() const;
  void start();
  void stop();
  void answer(std::uint64_t number, Answer answer);
  void run(std::function<void()> function);
  void tell(Event event);
  // Makes the context of the port speak TLS.
  void dress(ssl_ctx_st* context) { settings_.certificates->dress(context); }

  // Called by libwebsockets on its thread. Returns other than 0 to close the connection.
  int on(lws* wsi, lws_callback_reasons reason, Slot* slot, void* in, std::size_t size);

 private:
  // The callbacks about connections, and not about requests.
  int on_connection(lws* wsi, lws_callback_reasons reason, void* in);
  int begin(lws* wsi, Slot* slot, std::string_view path);
  int body(Exchange& exchange, const void* in, std::size_t size);
  void hand_over(std::uint64_t number, Exchange& exchange);
  void give(Exchange& exchange, Answer answer);
  void close(std::uint64_t number);
  int write(Exchange& exchange);
  int write_headers(Exchange& exchange);
  int write_part(Exchange& exchange);
  void take_over();
  void tell_streams(const Event& event);

  [[nodiscard]] Crowd::State state_of(std::uint64_t number, Clock::time_point now) const;
  // Whether a stream is still for the one who has asked for it.
  [[nodiscard]] bool is_due(const Answer& answer) const;

  const Settings settings_;
  const std::string interface_;
  const std::shared_ptr<control::HttpFigures> figures_;
  const OnRequest on_request_;
  lws_context* context_ = nullptr;
  lws_vhost* vhost_ = nullptr;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;

  // Of the thread.
  Crowd crowd_;
  std::map<std::uint64_t, Exchange> exchanges_;
  std::uint64_t last_number_ = 0;

  std::mutex mutex_;
  std::vector<std::function<void()>> functions_;  // To be called.
  std::map<std::uint64_t, Answer> answers_;       // Not yet taken over.
  Event event_;                                   // Likewise.
};

namespace {

int callback(lws* wsi, lws_callback_reasons reason, void* slot, void* in, std::size_t size) {
  auto* const impl = static_cast<Connections::Impl*>(lws_context_user(lws_get_context(wsi)));
  if (impl == nullptr) return lws_callback_http_dummy(wsi, reason, slot, in, size);
  if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
    impl->dress(static_cast<ssl_ctx_st*>(slot));  // Of this reason.
    return 0;
  }
  return impl->on(wsi, reason, static_cast<Slot*>(slot), in, size);
}

constexpr std::array<lws_protocols, 2> kProtocols{{
    {"http", callback, sizeof(Slot), 0, 0, nullptr, 0},
    {nullptr, nullptr, 0, 0, 0, nullptr, 0},
}};

}  // namespace

Connections::Impl::Impl(Settings settings, std::shared_ptr<control::HttpFigures> figures,
                        OnRequest on_request)
    : settings_(std::move(settings)),
      interface_(settings_.address.is_path() ? settings_.address.path : settings_.address.number()),
      figures_(std::move(figures)),
      on_request_(std::move(on_request)),
      crowd_(
          std::min(kConnectionsMax, core::port_share(core::descriptor_limit())),
          [this](std::uint64_t number, Clock::time_point now) { return state_of(number, now); },
          [](lws* wsi) { lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_ASYNC); }) {
  const Address& address = settings_.address;
  check_free(address).value_or_raise();
  lws_set_log_level(LLL_ERR, log_line);
  lws_context_creation_info info{};
  info.port = address.port;
  info.iface = address.is_any() ? nullptr : interface_.c_str();
  info.protocols = kProtocols.data();
  info.user = this;
  info.options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
  if (address.is_path()) info.options |= LWS_SERVER_OPTION_UNIX_SOCK;
  if (interface_.find(':') == std::string::npos) info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
  if (settings_.certificates) {
    info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
    info.alpn = "http/1.1";
  }
  info.fd_limit_per_thread = kConnectionsMax + kOtherDescriptors;
  info.max_http_header_pool = static_cast<unsigned short>(kConnectionsMax + kOtherDescriptors);
  info.keepalive_timeout = kIdleSeconds;
  info.timeout_secs = kRequestSeconds;
  context_ = lws_create_context(&info);
  if (context_ != nullptr) vhost_ = lws_create_vhost(context_, &info);
  if (vhost_ == nullptr) {
    if (context_ != nullptr) lws_context_destroy(context_);
    throw Error(ErrorCode::kIo, "cannot listen on the HTTP address " + interface_ +
                                    (address.is_path() ? "" : ':' + std::to_string(address.port)));
  }
  // Until then on() refuses other users; they cannot even try from now on.
  if (address.is_path()) ::chmod(address.path.c_str(), kSocketMode);
}

Connections::Impl::~Impl() {
  stop();
  lws_context_destroy(context_);
  if (settings_.address.is_path()) ::unlink(settings_.address.path.c_str());
}

std::uint16_t Connections::Impl::port() const {
  return static_cast<std::uint16_t>(lws_get_vhost_listen_port(vhost_));
}

void Connections::Impl::start() {
  thread_ = leader::begin_thread([this] {
    while (!is_over_ && lws_service(context_, 0) >= 0) {
    }
  });
}

void Connections::Impl::stop() {
  if (!thread_.joinable()) return;
  is_over_ = true;
  lws_cancel_service(context_);
  thread_.join();
}

int Connections::Impl::on(lws* wsi, lws_callback_reasons reason, Slot* slot, void* in,
                          std::size_t size) {
  const auto found = slot == nullptr ? exchanges_.end() : exchanges_.find(slot->number);
  const bool is_known = found != exchanges_.end();
  const bool is_over = crowd_.gives_way(wsi);
  switch (reason) {
    case LWS_CALLBACK_HTTP:
      return is_over ? -1 : begin(wsi, slot, {static_cast<const char*>(in), size});
    case LWS_CALLBACK_HTTP_BODY:
      return is_known && !is_over ? body(found->second, in, size) : -1;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
      if (!is_known || is_over) return -1;
      hand_over(found->first, found->second);
      return 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
      if (is_over) return -1;
      return is_known ? write(found->second) : 0;
    case LWS_CALLBACK_TIMER:  // The delay of an answer is over.
      if (is_known) {
        found->second.is_answered = true;
        lws_callback_on_writable(wsi);
      }
      return 0;
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
      if (is_known) close(found->first);
      return 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
      return refuse(wsi, HTTP_STATUS_BAD_REQUEST, "nothing is upgraded here");
    case LWS_CALLBACK_RAW_ADOPT:  // What CONNECT makes of a connection.
      return refuse_raw(wsi);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
    case LWS_CALLBACK_ESTABLISHED:
      return -1;
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
    case LWS_CALLBACK_WSI_DESTROY:
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
      return on_connection(wsi, reason, in);
    default:
      return lws_callback_http_dummy(wsi, reason, slot, in, size);
  }
}

int Connections::Impl::on_connection(lws* wsi, lws_callback_reasons reason, void* in) {
  switch (reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION: {
      const int client = static_cast<int>(reinterpret_cast<std::intptr_t>(in));
      const std::uint64_t before = crowd_.ended();
      const bool enters = is_own(client) && crowd_.has_room();
      figures_->refused += crowd_.ended() - before + (enters ? 0 : 1);
      return enters ? 0 : 1;
    }
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
      crowd_.came(wsi);
      break;
    case LWS_CALLBACK_WSI_DESTROY:
      crowd_.gone(wsi);
      break;
    default:
      take_over();
      return 0;
  }
  figures_->connections = crowd_.size();
  return 0;
}

Crowd::State Connections::Impl::state_of(std::uint64_t number, Clock::time_point now) const {
  const auto found = exchanges_.find(number);
  return found == exchanges_.end() ? Crowd::State::kIdle : http::state_of(found->second, now);
}

// ---- Reading.

int Connections::Impl::begin(lws* wsi, Slot* slot, std::string_view path) {
  if (has_zero(wsi, path)) return refuse(wsi, HTTP_STATUS_BAD_REQUEST, "a path has no zero in it");
  if (exchanges_.contains(slot->number)) close(slot->number);
  const std::uint64_t number = slot->number = ++last_number_;
  ++figures_->requests;
  Exchange& exchange = exchanges_[number];
  exchange.wsi = wsi;
  crowd_.asked(wsi, number);
  exchange.request = request_of(wsi, std::string(path));
  lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
  if (exchange.request.method != Request::Method::kPost) {
    hand_over(number, exchange);
    return 0;
  }
  const std::string length = length_of(wsi);
  const auto bytes = core::parse_number<std::uint64_t>(length);
  if (length.empty() || bytes == 0) {
    give(exchange, {.status = 411, .body = R"({"error":"a POST needs a Content-Length"})"});
    return 0;
  }
  if (!bytes || *bytes > kBodyBytesMax) {
    exchange.is_handed_over = true;
    give(exchange, {.status = 413, .body = R"({"error":"a body has at most 16 KiB"})"});
    return 0;
  }
  lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, kRequestSeconds);
  return 0;
}

int Connections::Impl::body(Exchange& exchange, const void* in, std::size_t size) {
  if (exchange.is_handed_over || exchange.is_answered) return 0;  // The rest is read and dropped.
  std::string& text = exchange.request.body;
  if (text.size() + size <= kBodyBytesMax) {
    text.append(static_cast<const char*>(in), size);
    return 0;
  }
  exchange.is_handed_over = true;
  give(exchange, {.status = 413, .body = R"({"error":"a body has at most 16 KiB"})"});
  return 0;
}

void Connections::Impl::hand_over(std::uint64_t number, Exchange& exchange) {
  if (exchange.is_handed_over) return;
  exchange.is_handed_over = true;
  lws_set_timeout(exchange.wsi, NO_PENDING_TIMEOUT, 0);
  std::optional<Answer> now = on_request_(number, std::move(exchange.request));
  if (now) give(exchange, std::move(*now));
}

// ---- Between the threads.

void Connections::Impl::answer(std::uint64_t number, Answer answer) {
  const std::lock_guard lock(mutex_);
  answers_[number] = std::move(answer);
  lws_cancel_service(context_);
}

void Connections::Impl::run(std::function<void()> function) {
  const std::lock_guard lock(mutex_);
  functions_.push_back(std::move(function));
  lws_cancel_service(context_);
}

void Connections::Impl::tell(Event event) {
  const std::lock_guard lock(mutex_);
  event_ = std::move(event);
  lws_cancel_service(context_);
}

void Connections::Impl::take_over() {
  std::map<std::uint64_t, Answer> answers;
  std::vector<std::function<void()>> functions;
  Event event;
  {
    const std::lock_guard lock(mutex_);
    functions.swap(functions_);
    answers.swap(answers_);
    event.swap(event_);
  }
  for (const auto& function : functions) function();
  for (auto& [number, answer] : answers) {
    const auto found = exchanges_.find(number);
    if (found != exchanges_.end()) give(found->second, std::move(answer));
  }
  const std::uint64_t before = crowd_.ended();
  crowd_.end_late();
  figures_->refused += crowd_.ended() - before;
  if (event) tell_streams(event);
}

void Connections::Impl::tell_streams(const Event& event) {
  const Clock::time_point now = Clock::now();
  for (auto& [number, exchange] : exchanges_) {
    const bool waits = exchange.has_begun && (exchange.writing || exchange.next);
    const bool is_stale = exchange.answer.is_stream && !is_due(exchange.answer);
    if (is_stale || (waits && now - exchange.moved > kStall)) {
      lws_set_timeout(exchange.wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_ASYNC);
    } else if (exchange.answer.is_stream) {
      exchange.next = event;
      lws_callback_on_writable(exchange.wsi);
    }
  }
}

bool Connections::Impl::is_due(const Answer& answer) const {
  if (answer.holds) return answer.holds->load();
  return !settings_.has_users || !settings_.has_users();
}

void Connections::Impl::give(Exchange& exchange, Answer answer) {
  exchange.answer = std::move(answer);
  if (exchange.answer.is_stream) {
    ++figures_->streams;
  } else {
    exchange.writing = std::make_shared<const std::string>(std::move(exchange.answer.body));
  }
  const auto delay = std::chrono::microseconds(exchange.answer.delay).count();
  if (delay > 0) return lws_set_timer_usecs(exchange.wsi, delay);
  exchange.is_answered = true;
  lws_callback_on_writable(exchange.wsi);
}

void Connections::Impl::close(std::uint64_t number) {
  const auto found = exchanges_.find(number);
  if (found->second.answer.is_stream) --figures_->streams;
  exchanges_.erase(found);
}

// ---- Writing.

int Connections::Impl::write(Exchange& exchange) {
  if (!exchange.is_answered) return 0;
  exchange.moved = Clock::now();
  return exchange.has_begun ? write_part(exchange) : write_headers(exchange);
}

int Connections::Impl::write_headers(Exchange& exchange) {
  std::array<unsigned char, LWS_PRE + kHeaders> space{};
  unsigned char* const begin = space.data() + LWS_PRE;
  unsigned char* at = begin;
  unsigned char* const end = space.data() + space.size() - 1;
  const Answer& answer = exchange.answer;
  const auto length =
      answer.is_stream ? LWS_ILLEGAL_HTTP_CONTENT_LEN : lws_filepos_t{exchange.writing->size()};
  const auto add = [&](const std::string& name, const std::string& value) {
    return value.empty() ||
           lws_add_http_header_by_name(exchange.wsi,
                                       reinterpret_cast<const unsigned char*>((name + ':').c_str()),
                                       reinterpret_cast<const unsigned char*>(value.data()),
                                       static_cast<int>(value.size()), &at, end) == 0;
  };
  const bool is_busy = answer.status == 503;
  const bool fits = lws_add_http_common_headers(exchange.wsi, static_cast<unsigned>(answer.status),
                                                answer.type.c_str(), length, &at, end) == 0 &&
                    add("cache-control", "no-cache") && add("x-content-type-options", "nosniff") &&
                    add("referrer-policy", "no-referrer") && add("etag", answer.tag) &&
                    add("content-security-policy", kPolicy) && add("allow", answer.allow) &&
                    add("www-authenticate", answer.challenge) &&
                    add("cross-origin-resource-policy", "same-origin") &&
                    add("anabranch-user", answer.user) && add("location", answer.location) &&
                    add("anabranch-docs", answer.documents) &&
                    add("retry-after", is_busy ? "1" : "");
  if (!fits || lws_finalize_write_http_header(exchange.wsi, begin, &at, end) != 0) return -1;
  exchange.has_begun = true;
  if (!answer.is_stream && exchange.writing->empty()) {
    return end_answer(exchange.wsi);
  }
  lws_callback_on_writable(exchange.wsi);
  return 0;
}

// Writes the next part of the body, or of an event.
int Connections::Impl::write_part(Exchange& exchange) {
  const bool is_stream = exchange.answer.is_stream;
  if (!exchange.writing) {
    exchange.writing = std::exchange(exchange.next, nullptr);
    exchange.written = 0;
  }
  if (!exchange.writing) return 0;
  const std::string& text = *exchange.writing;
  const std::size_t size = std::min(kPart, text.size() - exchange.written);
  std::vector<unsigned char> space(LWS_PRE + size);
  std::copy_n(text.data() + exchange.written, size, space.data() + LWS_PRE);
  exchange.written += size;
  const bool is_last = exchange.written == text.size();
  const auto how = is_last && !is_stream ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP;
  if (lws_write(exchange.wsi, space.data() + LWS_PRE, size, how) < 0) return -1;
  if (is_last) exchange.writing = nullptr;
  if (is_last && !is_stream) return end_answer(exchange.wsi);
  lws_callback_on_writable(exchange.wsi);
  return 0;
}

Connections::Connections(Settings settings, std::shared_ptr<control::HttpFigures> figures,
                         OnRequest on_request)
    : impl_(
          std::make_unique<Impl>(std::move(settings), std::move(figures), std::move(on_request))) {}
Connections::~Connections() = default;
std::uint16_t Connections::port() const { return impl_->port(); }
void Connections::start() { impl_->start(); }
void Connections::stop() { impl_->stop(); }
void Connections::answer(std::uint64_t number, Answer answer) {
  impl_->answer(number, std::move(answer));
}
void Connections::run(std::function<void()> function) { impl_->run(std::move(function)); }
void Connections::tell(Event event) { impl_->tell(std::move(event)); }

}  // namespace anabranch::http
