#include "examples/board/page.h"

#include <libwebsockets.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "examples/board/limits.h"
#include "examples/board/workers.h"

namespace board {
namespace {

constexpr unsigned kWorkers = 4;
constexpr std::size_t kPart = std::size_t{32} << 10U;  // Written at once.
constexpr std::size_t kHeaders = 4096;
constexpr int kAlive = 5;  // Seconds between signs of life on a stream.
constexpr rlim_t kConnections = 4096;
constexpr unsigned kRequestSeconds = 5;  // A request is whole within that.

// The memory of libwebsockets for a connection: our number.
struct Connection {
  std::uint64_t number;
};

// As many connections as the machine allows, up to a few thousand.
unsigned raise_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, kConnections));
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<unsigned>(std::min(limit.rlim_cur, kConnections));
}

// The answer is written: libwebsockets takes the next request of the connection, or has it closed,
// as the request has said. Only a number below 0 closes it.
int end_answer(lws* wsi) { return lws_http_transaction_completed(wsi) == 0 ? 0 : -1; }

std::string header(lws* wsi, lws_token_indexes which) {
  const int size = lws_hdr_total_length(wsi, which);
  if (size <= 0) return {};
  std::string value(static_cast<std::size_t>(size) + 1, '\0');
  lws_hdr_copy(wsi, value.data(), size + 1, which);
  value.resize(static_cast<std::size_t>(size));
  return value;
}

std::string custom_header(lws* wsi, const std::string& name) {
  const int size = lws_hdr_custom_length(wsi, name.data(), static_cast<int>(name.size()));
  if (size <= 0) return {};
  std::string value(static_cast<std::size_t>(size) + 1, '\0');
  lws_hdr_custom_copy(wsi, value.data(), size + 1, name.data(), static_cast<int>(name.size()));
  value.resize(static_cast<std::size_t>(size));
  return value;
}

std::optional<std::string> argument(lws* wsi, int number) {
  std::array<char, 2048> part{};
  const int size =
      lws_hdr_copy_fragment(wsi, part.data(), part.size(), WSI_TOKEN_HTTP_URI_ARGS, number);
  if (size < 0) return std::nullopt;
  return std::string(part.data(), static_cast<std::size_t>(size));
}

std::map<std::string, std::string> arguments(lws* wsi) {
  std::map<std::string, std::string> args;
  for (int i = 0; const auto whole = argument(wsi, i); ++i) {
    const auto equals = whole->find('=');
    if (equals != whole->npos) args[whole->substr(0, equals)] = whole->substr(equals + 1);
  }
  return args;
}

// Whether libwebsockets has ended the path of a request at %00: another one would be answered than
// was asked for. It keeps the bytes of a request one behind the other, and does not count a zero:
// behind a whole path come a zero and the version, or a zero, a byte of no meaning and the
// arguments.
bool has_zero(lws* wsi, std::string_view path) {
  if (path.find('\0') != path.npos) return true;
  const char* const end = path.data() + path.size();
  const auto first = argument(wsi, 0);
  if (first && !first->empty()) return end[2] != first->front();
  return end[1] == '\0' && end[2] == 'H';
}

// Also of a length that is none.
bool is_too_long(const std::string& length) {
  constexpr std::size_t kDigitsMax = 9;
  if (length.find_first_not_of("0123456789") != length.npos) return true;
  return length.size() > kDigitsMax || std::stoul(length) > kLimits.body_bytes;
}

// Answers in place of libwebsockets.
int refuse(lws* wsi, const char* why) {
  return lws_return_http_status(wsi, HTTP_STATUS_BAD_REQUEST, why) == 0 ? 1 : -1;
}

int refuse_connect(lws* wsi) {
  constexpr std::string_view kAnswer =
      "HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
  std::array<unsigned char, LWS_PRE + kAnswer.size()> space{};
  std::ranges::copy(kAnswer, space.begin() + LWS_PRE);
  (void)lws_write(wsi, space.data() + LWS_PRE, kAnswer.size(), LWS_WRITE_RAW);
  return -1;
}

// A request under way on a connection, and its answer.
struct Exchange {
  lws* wsi = nullptr;
  Request request;
  bool is_answered = false;  // `answer` is there.
  bool has_begun = false;    // The headers are written.
  Answer answer;
  std::size_t written = 0;  // Of the body.
  std::shared_ptr<Stream> stream;
};

}  // namespace

class Page::Impl {
 public:
  Impl(Api& api, const std::string& address, std::uint16_t port);
  ~Impl();

  [[nodiscard]] std::uint16_t port() const;
  void serve();
  void stop();

  // Called by libwebsockets on the thread of serve(). Returns other than 0 to close the connection.
  int on(lws* wsi, lws_callback_reasons reason, Connection* slot, void* in, std::size_t size);

 private:
  int begin(lws* wsi, Connection* slot, std::string_view path);
  int body(Exchange& exchange, const void* in, std::size_t size);
  void hand_over(std::uint64_t number, Exchange& exchange);
  void close(std::uint64_t number);
  int write(Exchange& exchange);
  int write_headers(Exchange& exchange);
  int write_answer(Exchange& exchange);
  int write_stream(Exchange& exchange);
  // Any thread: gives an answer to a connection, if it is still there; wakes the thread of serve().
  void answer(std::uint64_t number, Answer answer);
  void wake(std::uint64_t number);
  void take_over();

  Api& api_;
  std::string address_;
  lws_context* context_ = nullptr;
  lws_vhost* vhost_ = nullptr;
  std::atomic<bool> is_over_ = false;

  std::map<std::uint64_t, Exchange> exchanges_;  // Of the thread of serve().
  std::uint64_t last_number_ = 0;

  std::mutex mutex_;
  std::map<std::uint64_t, Answer> answers_;  // Not yet taken over.
  std::set<std::uint64_t> awake_;            // Streams that have events.
  std::unique_ptr<Workers> workers_;         // The first to go.
};

namespace {

int callback(lws* wsi, lws_callback_reasons reason, void* slot, void* in, std::size_t size) {
  auto* const page = static_cast<Page::Impl*>(lws_context_user(lws_get_context(wsi)));
  if (page == nullptr) return lws_callback_http_dummy(wsi, reason, slot, in, size);
  return page->on(wsi, reason, static_cast<Connection*>(slot), in, size);
}

constexpr std::array<lws_protocols, 2> kProtocols{{
    {"http", callback, sizeof(Connection), 0, 0, nullptr, 0},
    {nullptr, nullptr, 0, 0, 0, nullptr, 0},
}};

}  // namespace

Page::Impl::Impl(Api& api, const std::string& address, std::uint16_t port)
    : api_(api), address_(address), workers_(std::make_unique<Workers>(kWorkers)) {
  lws_set_log_level(LLL_ERR, nullptr);
  lws_context_creation_info info{};
  info.port = port;
  info.iface = address_.c_str();
  info.protocols = kProtocols.data();
  info.user = this;
  info.options = LWS_SERVER_OPTION_DISABLE_IPV6 | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
                 LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
  info.fd_limit_per_thread = raise_descriptors();
  info.max_http_header_pool = static_cast<unsigned short>(kConnections);
  info.keepalive_timeout = 30;
  info.timeout_secs = kRequestSeconds;
  context_ = lws_create_context(&info);
  if (context_ != nullptr) vhost_ = lws_create_vhost(context_, &info);
  if (vhost_ == nullptr) {
    if (context_ != nullptr) lws_context_destroy(context_);
    throw std::runtime_error("cannot listen on " + address + ':' + std::to_string(port));
  }
  api_.set_own_page("http://" + address + ':' + std::to_string(this->port()));
}

Page::Impl::~Impl() {
  workers_.reset();
  for (auto& [number, exchange] : exchanges_) {
    if (exchange.stream) api_.end(exchange.stream);
  }
  exchanges_.clear();
  lws_context_destroy(context_);
}

std::uint16_t Page::Impl::port() const {
  return static_cast<std::uint16_t>(lws_get_vhost_listen_port(vhost_));
}

void Page::Impl::serve() {
  while (!is_over_ && lws_service(context_, 0) >= 0) {
  }
}

void Page::Impl::stop() {
  is_over_ = true;
  lws_cancel_service(context_);
}

int Page::Impl::on(lws* wsi, lws_callback_reasons reason, Connection* slot, void* in,
                   std::size_t size) {
  const auto found = slot == nullptr ? exchanges_.end() : exchanges_.find(slot->number);
  switch (reason) {
    case LWS_CALLBACK_HTTP:
      return begin(wsi, slot, {static_cast<const char*>(in), size});
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
      return refuse(wsi, "nothing is upgraded here");
    case LWS_CALLBACK_RAW_ADOPT:  // What CONNECT makes of a connection.
      return refuse_connect(wsi);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
    case LWS_CALLBACK_ESTABLISHED:
      return -1;
    case LWS_CALLBACK_HTTP_BODY:
      return found == exchanges_.end() ? -1 : body(found->second, in, size);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
      if (found == exchanges_.end()) return -1;
      if (!found->second.is_answered) hand_over(found->first, found->second);
      return 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
      return found == exchanges_.end() ? 0 : write(found->second);
    case LWS_CALLBACK_TIMER:
      if (found != exchanges_.end() && found->second.stream) {
        static const Event alive = std::make_shared<const std::string>(": alive\n\n");
        found->second.stream->push(alive);
        lws_set_timer_usecs(wsi, kAlive * LWS_USEC_PER_SEC);
      }
      return 0;
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
      take_over();
      return 0;
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
      if (found != exchanges_.end()) close(found->first);
      return 0;
    default:
      return lws_callback_http_dummy(wsi, reason, slot, in, size);
  }
}

// ---- Reading.

int Page::Impl::begin(lws* wsi, Connection* slot, std::string_view path) {
  if (has_zero(wsi, path)) return refuse(wsi, "a path has no zero in it");
  if (const auto before = exchanges_.find(slot->number); before != exchanges_.end()) {
    close(before->first);
  }
  slot->number = ++last_number_;
  Exchange& exchange = exchanges_[slot->number];
  exchange.wsi = wsi;
  Request& request = exchange.request;
  request.path = (path.starts_with('/') ? "" : "/") + std::string(path);
  request.is_post = lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0;
  request.args = arguments(wsi);
  request.host = header(wsi, WSI_TOKEN_HOST);
  request.origin = header(wsi, WSI_TOKEN_ORIGIN);
  request.content_type = header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE);
  request.known_tag = header(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH);
  request.last_event = custom_header(wsi, "last-event-id:");
  lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
  if (!request.is_post && lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) <= 0) {
    exchange.answer = {.status = 405, .body = R"({"error":"Only GET and POST are answered."})"};
  } else if (request.is_post) {
    const std::string length = header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    if (length.empty() || length == "0") {
      exchange.answer = {.status = 411, .body = R"({"error":"A request has a length."})"};
    } else if (is_too_long(length)) {
      exchange.answer = {.status = 413, .body = R"({"error":"A request has at most 4 MiB."})"};
    } else {
      return 0;  // Then comes the body.
    }
  } else {
    hand_over(slot->number, exchange);
    return 0;
  }
  exchange.is_answered = true;
  lws_callback_on_writable(wsi);
  return 0;
}

int Page::Impl::body(Exchange& exchange, const void* in, std::size_t size) {
  std::string& body = exchange.request.body;
  if (exchange.is_answered) return 0;  // The excess is read, so that the answer is, too.
  if (body.size() + size <= kLimits.body_bytes) {
    body.append(static_cast<const char*>(in), size);
    return 0;
  }
  body.clear();
  exchange.answer = {.status = 413, .body = R"({"error":"A request has at most 4 MiB."})"};
  exchange.is_answered = true;
  return lws_callback_on_writable(exchange.wsi) < 0 ? -1 : 0;
}

void Page::Impl::hand_over(std::uint64_t number, Exchange& exchange) {
  const auto request = std::make_shared<const Request>(std::move(exchange.request));
  const bool taken = workers_->run([this, number, request] {
    answer(number, api_.answer(*request, [this, number] { wake(number); }));
  });
  if (taken) return;
  exchange.answer = {.status = 503,
                     .body = R"({"error":"Too much waits here. Send it again in a moment."})"};
  exchange.is_answered = true;
  lws_callback_on_writable(exchange.wsi);
}

// ---- Between the threads.

void Page::Impl::answer(std::uint64_t number, Answer answer) {
  const std::lock_guard lock(mutex_);
  answers_[number] = std::move(answer);
  lws_cancel_service(context_);
}

void Page::Impl::wake(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  if (awake_.empty()) lws_cancel_service(context_);
  awake_.insert(number);
}

void Page::Impl::take_over() {
  std::map<std::uint64_t, Answer> answers;
  std::set<std::uint64_t> awake;
  {
    const std::lock_guard lock(mutex_);
    answers.swap(answers_);
    awake.swap(awake_);
  }
  for (auto& [number, answer] : answers) {
    const auto found = exchanges_.find(number);
    if (found == exchanges_.end()) {
      if (answer.stream) api_.end(answer.stream);  // The page has gone meanwhile.
      continue;
    }
    found->second.stream = answer.stream;
    found->second.answer = std::move(answer);
    found->second.is_answered = true;
    lws_callback_on_writable(found->second.wsi);
  }
  for (const std::uint64_t number : awake) {
    const auto found = exchanges_.find(number);
    if (found != exchanges_.end()) lws_callback_on_writable(found->second.wsi);
  }
}

void Page::Impl::close(std::uint64_t number) {
  const auto found = exchanges_.find(number);
  if (found->second.stream) api_.end(found->second.stream);
  exchanges_.erase(found);
}

// ---- Writing.

int Page::Impl::write(Exchange& exchange) {
  if (!exchange.is_answered) return 0;
  if (!exchange.has_begun) return write_headers(exchange);
  return exchange.stream ? write_stream(exchange) : write_answer(exchange);
}

int Page::Impl::write_headers(Exchange& exchange) {
  std::array<unsigned char, LWS_PRE + kHeaders> space{};
  unsigned char* const begin = space.data() + LWS_PRE;
  unsigned char* at = begin;
  unsigned char* const end = space.data() + space.size() - 1;
  const Answer& answer = exchange.answer;
  const bool is_stream = exchange.stream != nullptr;
  const auto length = is_stream ? LWS_ILLEGAL_HTTP_CONTENT_LEN : lws_filepos_t{answer.body.size()};
  const auto add = [&](const std::string& name, const std::string& value) {
    return value.empty() ||
           lws_add_http_header_by_name(exchange.wsi,
                                       reinterpret_cast<const unsigned char*>((name + ':').c_str()),
                                       reinterpret_cast<const unsigned char*>(value.data()),
                                       static_cast<int>(value.size()), &at, end) == 0;
  };
  const bool fits = lws_add_http_common_headers(exchange.wsi, static_cast<unsigned>(answer.status),
                                                answer.type.c_str(), length, &at, end) == 0 &&
                    add("cache-control", "no-cache") && add("x-content-type-options", "nosniff") &&
                    add("referrer-policy", "no-referrer") && add("etag", answer.tag) &&
                    add("content-security-policy", api_.content_policy()) &&
                    add("access-control-allow-origin", answer.other_origin) &&
                    add("vary", "Origin") && add("retry-after", answer.status == 503 ? "1" : "");
  if (!fits || lws_finalize_write_http_header(exchange.wsi, begin, &at, end) != 0) return -1;
  exchange.has_begun = true;
  if (is_stream) lws_set_timer_usecs(exchange.wsi, kAlive * LWS_USEC_PER_SEC);
  if (!is_stream && answer.body.empty()) return end_answer(exchange.wsi);
  lws_callback_on_writable(exchange.wsi);
  return 0;
}

int Page::Impl::write_answer(Exchange& exchange) {
  const std::string& body = exchange.answer.body;
  const std::size_t size = std::min(kPart, body.size() - exchange.written);
  std::vector<unsigned char> space(LWS_PRE + size);
  std::copy_n(body.data() + exchange.written, size, space.data() + LWS_PRE);
  exchange.written += size;
  const bool is_last = exchange.written == body.size();
  const auto how = is_last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP;
  if (lws_write(exchange.wsi, space.data() + LWS_PRE, size, how) < 0) return -1;
  if (is_last) return end_answer(exchange.wsi);
  lws_callback_on_writable(exchange.wsi);
  return 0;
}

// Writes the rest of an event that is long, or some short ones.
int Page::Impl::write_stream(Exchange& exchange) {
  std::string& text = exchange.answer.body;
  while (text.size() < kPart) {
    const Event next = exchange.stream->take();
    if (!next) break;
    text += *next;
  }
  if (text.empty()) return exchange.stream->is_over() ? -1 : 0;
  const std::size_t size = std::min(kPart, text.size());
  std::vector<unsigned char> space(LWS_PRE + size);
  std::copy_n(text.data(), size, space.data() + LWS_PRE);
  text.erase(0, size);
  if (lws_write(exchange.wsi, space.data() + LWS_PRE, size, LWS_WRITE_HTTP) < 0) return -1;
  lws_callback_on_writable(exchange.wsi);
  return 0;
}

// ---- The page.

Page::Page(Api& api, const std::string& address, std::uint16_t port)
    : impl_(std::make_unique<Impl>(api, address, port)) {}
Page::~Page() = default;
std::uint16_t Page::port() const { return impl_->port(); }
void Page::serve() { impl_->serve(); }
void Page::stop() { impl_->stop(); }

}  // namespace board
