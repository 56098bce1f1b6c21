// A request of a page or a program, and its answer.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace anabranch::http {

struct Request {
  enum class Method : std::uint8_t { kGet, kPost, kOther };

  Method method = Method::kOther;
  std::string path;
  std::map<std::string, std::string> args;
  std::string host;
  std::string origin;  // Here and below: empty if the header is absent.
  std::string fetch_site = {};
  std::string content_type;
  std::string known_tag;
  std::string authorization;
  std::string body;
  std::string from;       // The address of the sender.
  std::string user = {};  // Who has proved to be a user; empty without users.
};

struct Answer {
  int status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::string tag = {};        // ETag; empty: none.
  std::string allow = {};      // The methods of the path, of a 405.
  std::string challenge = {};  // How to say who one is, of a 401.
  std::string user = {};       // For whom it is, in printable characters; empty: no user.
  std::string location = {};   // Where it is instead, of a 301.
  std::string documents = {};  // Where this port has the documents; empty: not told.
  bool is_stream = false;      // The connection gets events from now on,
  // as long as this is so; null: it is for nobody in particular.
  std::shared_ptr<const std::atomic<bool>> holds = {};
  std::chrono::milliseconds delay{0};  // Before it is sent.
};

}  // namespace anabranch::http
