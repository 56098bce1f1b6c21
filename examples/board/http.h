// A request of HTTP and its answer, apart from the library that carries them.
#pragma once

#include <map>
#include <memory>
#include <string>

namespace board {

struct Request {
  bool is_post = false;
  std::string path;                         // Without arguments; never with "%".
  std::map<std::string, std::string> args;  // Decoded.
  std::string host;
  std::string origin;  // Empty when the browser has sent none.
  std::string content_type;
  std::string last_event;
  std::string known_tag;  // If-None-Match.
  std::string body;
};

class Stream;

struct Answer {
  int status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::string tag = {};                 // ETag; none if empty.
  std::string other_origin = {};        // The page of another region that may read it.
  std::shared_ptr<Stream> stream = {};  // Events follow, in place of the body.
};

}  // namespace board
