#include "server/cli/ask.h"

#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/cli/client.h"

namespace anabranch::server::cli {

core::Result<std::string> ask(const Arguments& arguments, std::vector<std::string> words,
                              const std::string& database) {
  core::Result<Client> client = Client::connect(arguments.text(kRedis.name));
  if (!client.ok()) return client.failure();
  if (!database.empty()) {
    const core::Result<std::string> selected = client.value().call({"SELECT", database});
    if (!selected.ok()) return selected.failure();
  }
  words.insert(words.begin(), "ANABRANCH");
  return client.value().call(words);
}

ExitCode print_answer(const Arguments& arguments, std::vector<std::string> words,
                      std::string (*text)(const nlohmann::json& answer),
                      const std::string& database) {
  const core::Result<std::string> answer = ask(arguments, std::move(words), database);
  if (!answer.ok()) return print_error(answer.failure().message);
  try {
    const nlohmann::json all = nlohmann::json::parse(answer.value());
    std::cout << (arguments.has(kJson.name) ? all.dump(2) + '\n' : text(all));
  } catch (const nlohmann::json::exception& error) {
    return print_error("the server's answer cannot be read: " + std::string(error.what()));
  }
  return kClean;
}

}  // namespace anabranch::server::cli
