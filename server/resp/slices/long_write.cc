#include "server/resp/slices/long_write.h"

#include <utility>

#include "server/resp/slices/work.h"

namespace anabranch::server {

LongWrite::LongWrite(Host& host, Client& client, const Resolved& resolved, Arguments arguments,
                     Run run)
    : scope_(host.leader.writer()),
      call_{client, scope_, host, arguments, *resolved.command, *resolved.container},
      run_(std::move(run)),
      begin_(client.reply.mark()),
      strand_([this] { run_(call_); }, work_max(client, arguments),
              host.options.strand_time.get()) {}

bool LongWrite::go_on(SteadyTime until) {
  const SteadyTime begin = steady_now();
  const bool over = strand_.go_on(until);
  took_ += steady_now() - begin;
  return over;
}

}  // namespace anabranch::server
