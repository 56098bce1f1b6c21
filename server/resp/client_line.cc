#include "server/resp/client_line.h"

#include <chrono>

namespace anabranch::server {
namespace {

std::string seconds_since(SteadyTime time) {
  const auto passed = steady_now() - time;
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(passed).count());
}

}  // namespace

std::string client_line(const Client& client) {
  const auto queued = client.queue.open ? std::to_string(client.queue.entries.size()) : "-1";
  const std::size_t memory = client.input_used + client.input_free + client.output.capacity();
  // Clients read some fields as numbers that must be there: of channels there are none, and answers
  // are one piece.
  return "id=" + std::to_string(client.id) + " addr=" + client.address +
         " laddr=" + client.local_address + " name=" + client.name +
         " age=" + seconds_since(client.since) + " idle=" + seconds_since(client.heard) +
         " db=" + std::to_string(client.database) + " sub=0 psub=0 ssub=0 multi=" + queued +
         " qbuf=" + std::to_string(client.input_used) +
         " qbuf-free=" + std::to_string(client.input_free) + " argv-mem=0 obl=0" +
         " oll=" + (client.output.empty() ? "0" : "1") +
         " omem=" + std::to_string(client.output.size()) + " tot-mem=" + std::to_string(memory) +
         " cmd=" + std::string(client.last_command) +
         " user=" + (client.user != nullptr ? client.user->name() : "(none)") +
         " resp=" + std::to_string(client.reply.protocol());
}

std::string_view host_of(std::string_view address) { return address.substr(0, address.rfind(':')); }

}  // namespace anabranch::server
