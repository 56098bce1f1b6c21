#include "server/resp/socket/patience.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace anabranch::server {

void Patience::begin_answer(bool has_begun) {
  sends_ = false;
  begun_ = first_ = last_ = steady_now();
  has_begun_ = has_begun;
  bytes_ = 0;
}

void Patience::begin_sending() {
  begin_answer();
  sends_ = true;
}

void Patience::progress(std::size_t bytes) {
  last_ = steady_now();
  if (!std::exchange(has_begun_, true)) first_ = last_;
  bytes_ += bytes;
}

SteadyTime Patience::end() const {
  if (until_) return *until_;
  const std::chrono::milliseconds earned(1000 * bytes_ / kBytesPerSecond);
  if (sends_ || !has_begun_) return begun_ + kFirst + earned;
  return std::min(first_ + kWhole + earned, last_ + kPause);
}

bool Patience::wait(int socket, short events) const {
  using std::chrono::milliseconds;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(end() - steady_now());
    pollfd waiting{socket, events, 0};
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::max(left, milliseconds(0)).count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return true;  // The next call says why.
    if (left <= milliseconds(0)) return false;
  }
}

}  // namespace anabranch::server
