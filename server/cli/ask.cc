#include "server/cli/ask.h"

#include <utility>

#include "server/cli/client.h"

namespace anabranch::server::cli {

core::Result<std::string> ask(const Arguments& arguments, std::vector<std::string> words) {
  core::Result<Client> client = Client::connect(arguments.text(kRedis.name));
  if (!client.ok()) return client.failure();
  words.insert(words.begin(), "ANABRANCH");
  return client.value().call(words);
}

}  // namespace anabranch::server::cli
