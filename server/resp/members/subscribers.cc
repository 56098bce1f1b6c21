#include "server/resp/members/subscribers.h"

#include "server/pattern.h"

namespace anabranch::server {

using Names = std::set<std::string, std::less<>>;

const Subscribers::Wishes* Subscribers::of(const Client& client) const {
  const auto found = all_.find(&client);
  return found == all_.end() ? nullptr : &found->second.second;
}

bool Subscribers::add(Client& client, Names Wishes::*kind, std::string_view name) {
  const Wishes* const known = of(client);
  if (name.size() > kNameBytesMax) return false;
  if (known != nullptr && (known->*kind).contains(name)) return true;
  if (known != nullptr && known->count() >= kNamesMax) return false;
  auto& [same, wishes] = all_[&client];
  same = &client;
  (wishes.*kind).emplace(name);
  return true;
}

void Subscribers::remove(const Client& client, Names Wishes::*kind, std::string_view name) {
  const auto found = all_.find(&client);
  if (found == all_.end()) return;
  Wishes& wishes = found->second.second;
  if (const auto at = (wishes.*kind).find(name); at != (wishes.*kind).end()) {
    (wishes.*kind).erase(at);
  }
  if (wishes.count() == 0) remove(client);
}

void Subscribers::remove(const Client& client) {
  all_.erase(&client);
  if (all_.empty()) news_.forget();
}

std::vector<Client*> Subscribers::all() const {
  std::vector<Client*> clients;
  for (const auto& [key, each] : all_) clients.push_back(each.first);
  return clients;
}

void Subscribers::look(const StoreStatus& status, SteadyTime now) {
  looked_at_ = now;
  for (const News& each : news_.look(status, options_.sentinel_name)) tell(each);
}

void Subscribers::tell(const News& news) {
  for (auto& [key, each] : all_) {
    // The output may begin with as many bytes that are sent already.
    if (each.first->output.size() / 2 > options_.monitor_output_bytes_max) continue;
    tell(*each.first, each.second, news);
  }
  told_ = true;
}

// A client whose patterns match hears it once for each, as from Redis.
void Subscribers::tell(Client& client, const Wishes& wishes, const News& news) {
  Writer reply(client.output, SIZE_MAX);
  reply.set_protocol(client.reply.protocol());
  if (wishes.channels.contains(news.channel)) {
    reply.push(3);
    reply.bulk("message");
    reply.bulk(news.channel);
    reply.bulk(news.text);
  }
  for (const std::string& pattern : wishes.patterns) {
    if (!matches(pattern, news.channel)) continue;
    reply.push(4);
    reply.bulk("pmessage");
    reply.bulk(pattern);
    reply.bulk(news.channel);
    reply.bulk(news.text);
  }
}

}  // namespace anabranch::server
