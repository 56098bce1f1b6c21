// The arguments of a command as a tree, parsed from its usage. One text serves people (HELP,
// docs/commands.md) and programs (COMMAND DOCS, from which redis-cli makes its hints).
//
//   key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]
//   numkeys key [key ...] [LIMIT limit]
//
// A word in upper case stands for itself; a token before other words belongs to them. A word in
// lower case is an argument; its type follows from its name, or is written behind it:
// "increment:double". Brackets hold what may be left out, angle brackets one of several, a list in
// brackets that ends in "..." what may be repeated: the words before it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace anabranch::server {

struct Argument {
  std::string name = {};
  // "key", "string", "integer", "double", "pattern", "unix-time", "pure-token", "oneof", "block".
  std::string type = {};
  std::string token = {};  // Before it, or itself; may be empty.
  bool optional = false;
  bool multiple = false;
  std::vector<Argument> parts = {};  // Of a oneof or block.

  bool operator==(const Argument&) const = default;
};

// Returns the arguments of a usage. Throws std::invalid_argument for a text that is none.
std::vector<Argument> parse_usage(std::string_view usage);

// Returns the usage without types: the form for people.
std::string plain_usage(std::string_view usage);

}  // namespace anabranch::server
