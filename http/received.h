// A request as libwebsockets has received it. For the thread of the connections.
#pragma once

#include <string>
#include <string_view>

#include "http/request.h"

struct lws;

namespace anabranch::http {

// Returns whether the path of a request was ended at %00: another one would be answered than was
// asked for. `path` lies in the memory of libwebsockets.
bool has_zero(lws* wsi, std::string_view path);

// Returns the length that a request says its body has; empty: it says none.
std::string length_of(lws* wsi);

// Returns a request without its body.
Request request_of(lws* wsi, const std::string& path);

}  // namespace anabranch::http
