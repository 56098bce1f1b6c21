#include "http/received.h"

#include <arpa/inet.h>
#include <libwebsockets.h>

#include <array>
#include <map>
#include <optional>

namespace anabranch::http {
namespace {

std::string header(lws* wsi, lws_token_indexes token) {
  const int size = lws_hdr_total_length(wsi, token);
  if (size <= 0) return {};
  std::string value(static_cast<std::size_t>(size) + 1, '\0');
  lws_hdr_copy(wsi, value.data(), size + 1, token);
  value.resize(static_cast<std::size_t>(size));
  return value;
}

std::optional<std::string> argument(lws* wsi, int number) {
  std::array<char, 1024> part{};
  const int size =
      lws_hdr_copy_fragment(wsi, part.data(), part.size(), WSI_TOKEN_HTTP_URI_ARGS, number);
  if (size < 0) return std::nullopt;
  return std::string(part.data(), static_cast<std::size_t>(size));
}

std::map<std::string, std::string> arguments(lws* wsi) {
  std::map<std::string, std::string> args;
  for (int i = 0; const auto whole = argument(wsi, i); ++i) {
    const auto equals = whole->find('=');
    if (equals == whole->npos) args[*whole] = {};
    if (equals != whole->npos) args[whole->substr(0, equals)] = whole->substr(equals + 1);
  }
  return args;
}

Request::Method method_of(lws* wsi) {
  if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0) return Request::Method::kGet;
  if (lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0) return Request::Method::kPost;
  return Request::Method::kOther;
}

std::string sender_of(lws* wsi) {
  std::array<char, INET6_ADDRSTRLEN + 1> name{};
  lws_get_peer_simple(wsi, name.data(), name.size());
  std::string_view from(name.data());
  if (from.empty()) return "a socket";
  // A client of IPv4 at a socket of IPv6.
  constexpr std::string_view kMapped = "::ffff:";
  if (from.starts_with(kMapped) && from.find('.') != from.npos) from.remove_prefix(kMapped.size());
  return std::string(from);
}

// A header that libwebsockets has no number for; the name is lower case and ends with a colon.
std::string other_header(lws* wsi, std::string_view name) {
  const int length = static_cast<int>(name.size());
  const int size = lws_hdr_custom_length(wsi, name.data(), length);
  if (size <= 0) return {};
  std::string value(static_cast<std::size_t>(size) + 1, '\0');
  if (lws_hdr_custom_copy(wsi, value.data(), size + 1, name.data(), length) < 0) return {};
  value.resize(static_cast<std::size_t>(size));
  return value;
}

}  // namespace

// Libwebsockets keeps the bytes of a request one behind the other, and does not count a zero:
// behind a whole path come a zero and the version, or a zero, a byte of no meaning and the
// arguments.
bool has_zero(lws* wsi, std::string_view path) {
  if (path.find('\0') != path.npos) return true;
  const char* const end = path.data() + path.size();
  const auto first = argument(wsi, 0);
  if (first && !first->empty()) return end[2] != first->front();
  return end[1] == '\0' && end[2] == 'H';
}

std::string length_of(lws* wsi) { return header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH); }

Request request_of(lws* wsi, const std::string& path) {
  return {.method = method_of(wsi),
          .path = path.starts_with('/') ? path : '/' + path,
          .args = arguments(wsi),
          .host = header(wsi, WSI_TOKEN_HOST),
          .origin = header(wsi, WSI_TOKEN_ORIGIN),
          .fetch_site = other_header(wsi, "sec-fetch-site:"),
          .content_type = header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE),
          .known_tag = header(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH),
          .authorization = header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION),
          .body = {},
          .from = sender_of(wsi)};
}

}  // namespace anabranch::http
