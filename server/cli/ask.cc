#include "server/cli/ask.h"

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/text.h"
#include "server/resp/access/user_file.h"

namespace anabranch::server::cli {
namespace {

// Returns the password to log in with; empty if none was given.
core::Result<std::string> password_of(const Arguments& arguments) {
  if (!arguments.has(kPasswordFile.name)) {
    const char* const password = std::getenv("ANABRANCH_PASSWORD");
    return std::string(core::first_line(password != nullptr ? password : ""));
  }
  core::Result<std::string> text = read_user_file(arguments.text(kPasswordFile.name));
  if (!text.ok()) return text;
  return std::string(core::first_line(text.value()));
}

core::Result<Client> connect(const Arguments& arguments) {
  const bool by_port = arguments.has(kRedis.name);
  if (!arguments.has(kDirectory.name)) {
    return connect_to_port(arguments,
                           by_port ? arguments.text(kRedis.name) : std::string(kUsualPort));
  }
  if (by_port) return core::invalid("say --redis or --data, not both");
  return Client::connect_to_directory(arguments.text(kDirectory.name));
}

}  // namespace

core::Result<Client> connect_to_port(const Arguments& arguments, const std::string& address) {
  core::Result<Client> client = Client::connect(address);
  if (!client.ok()) return client;
  if (!arguments.has(kTls.name)) {
    // Before anything is asked; behind TLS the handshake shows it.
    if (const auto alive = client.value().await_life(); !alive.ok()) return alive.failure();
  } else {
    const auto secured =
        client.value().secure({arguments.text(kTlsRoot.name), arguments.text(kTlsCertificate.name),
                               arguments.text(kTlsKey.name)});
    if (!secured.ok()) return secured.failure();
  }
  const core::Result<std::string> password = password_of(arguments);
  if (!password.ok()) return password.failure();
  const std::string user = arguments.text(kUser.name);
  if (user.empty() && password.value().empty()) return client;
  const core::Result<std::string> done =
      client.value().call({"AUTH", user.empty() ? "default" : user, password.value()});
  if (!done.ok()) return done.failure();
  return client;
}

core::Result<std::string> ask(const Arguments& arguments, std::vector<std::string> words,
                              const std::string& database) {
  core::Result<Client> client = connect(arguments);
  if (!client.ok()) return client.failure();
  if (const auto alive = client.value().await_life(); !alive.ok()) return alive.failure();
  if (!database.empty()) {
    const core::Result<std::string> selected = client.value().call({"SELECT", database});
    if (!selected.ok()) return selected.failure();
  }
  words.insert(words.begin(), "ANABRANCH");
  return client.value().call(words);
}

ExitCode print_unanswered(const core::Failure& failure) {
  return print_error(failure.message, failure.code == ErrorCode::kTimeout ? kSilent : kFailed);
}

ExitCode print_answer(const Arguments& arguments, std::vector<std::string> words,
                      std::string (*text)(const nlohmann::json& answer),
                      const std::string& database) {
  const core::Result<std::string> answer = ask(arguments, std::move(words), database);
  if (!answer.ok()) return print_unanswered(answer.failure());
  try {
    const nlohmann::json all = nlohmann::json::parse(answer.value());
    std::cout << (arguments.has(kJson.name) ? all.dump(2) + '\n' : text(all));
  } catch (const nlohmann::json::exception& error) {
    return print_error("the server's answer cannot be read: " + std::string(error.what()));
  }
  return kClean;
}

std::string bytes_of(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  const auto digits = value.at("hex").get<std::string>();
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const auto byte = core::parse_number<std::uint8_t, 16>(std::string_view(digits).substr(i, 2));
    bytes.push_back(static_cast<char>(byte.value_or(0)));
  }
  return bytes;
}

}  // namespace anabranch::server::cli
