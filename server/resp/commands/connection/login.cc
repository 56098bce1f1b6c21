#include "server/resp/commands/connection/login.h"

#include "server/resp/admission.h"
#include "server/resp/client_line.h"
#include "server/resp/waiting.h"

namespace anabranch::server {
namespace {

constexpr std::string_view kWrongPassword =
    "WRONGPASS invalid username-password pair or user is disabled.";

}  // namespace

bool log_in(Call& call, std::string_view name, std::string_view password) {
  Host& host = call.host;
  const User* const user = host.users.log_in(name, password);
  const bool needs_more =
      user != nullptr && !user->needs_password() && !may_be_open(host, call.client);
  if (user != nullptr && !needs_more) {
    call.client.user = user;
    return true;
  }
  note_failed_login(host, call.client, call[0], name);
  host.observed.errors.add(kWrongPassword);
  const auto wait = host.failed_logins.add(host_of(call.client.address), name, steady_now());
  wait_for(call, wait, [&client = call.client](bool late) {
    if (late) client.reply.error(kWrongPassword);
    return late;
  });
  return false;
}

}  // namespace anabranch::server
