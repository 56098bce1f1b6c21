#include "server/resp/client_line.h"

#include <chrono>

namespace anabranch::server {

std::string client_line(const Client& client) {
  using std::chrono::duration_cast;
  const auto age = duration_cast<std::chrono::seconds>(steady_now() - client.since).count();
  const auto queued = client.queue.open ? std::to_string(client.queue.entries.size()) : "-1";
  return "id=" + std::to_string(client.id) + " addr=" + client.address +
         " laddr=" + client.local_address + " name=" + client.name + " age=" + std::to_string(age) +
         " db=" + std::to_string(client.database) + " multi=" + queued +
         " omem=" + std::to_string(client.output.size()) +
         " cmd=" + std::string(client.last_command) +
         " user=" + (client.user != nullptr ? client.user->name() : "(none)") +
         " resp=" + std::to_string(client.reply.protocol());
}

std::string_view host_of(std::string_view address) { return address.substr(0, address.rfind(':')); }

}  // namespace anabranch::server
