#include "tests/server/reply_json.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace anabranch::test {
namespace {

using nlohmann::json;

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) throw std::runtime_error("a line without its end");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

json take(std::string_view& rest);

std::vector<json> take_all(std::string_view& rest, long long count) {
  std::vector<json> all;
  for (long long i = 0; i < count; ++i) all.push_back(take(rest));
  return all;
}

json take(std::string_view& rest) {
  const std::string line(take_line(rest));
  const std::string text = line.substr(1);
  const long long number = std::atoll(text.c_str());
  switch (line.at(0)) {
    case ':':
      return number;
    case ',':
      return std::atof(text.c_str());
    case '_':
      return nullptr;
    case '$': {
      if (number < 0) return nullptr;
      const std::string bulk(rest.substr(0, static_cast<std::size_t>(number)));
      rest.remove_prefix(static_cast<std::size_t>(number) + 2);
      return bulk;
    }
    case '*':
      if (number < 0) return nullptr;
      return take_all(rest, number);
    case '~': {
      std::vector<json> all = take_all(rest, number);
      std::ranges::sort(all);
      return all;
    }
    case '%': {
      json map = json::object();
      for (long long i = 0; i < number; ++i) {
        const json name = take(rest);
        map[name.is_string() ? name.get<std::string>() : name.dump()] = take(rest);
      }
      return map;
    }
    default:
      return text;
  }
}

}  // namespace

json to_json(std::string_view reply) {
  json whole = take(reply);
  if (!reply.empty()) throw std::runtime_error("bytes behind a reply");
  return whole;
}

}  // namespace anabranch::test
