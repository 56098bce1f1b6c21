// A thread that takes no signals: signals are for the threads of the embedding program.
#pragma once

#include <cstddef>
#include <functional>
#include <thread>

namespace anabranch::core {

// Throws std::system_error when the system begins no more threads.
std::thread start_quiet_thread(std::function<void()> body);
// Returns whether the system begins so many threads now; they have ended when it returns.
bool begins_threads(std::size_t count);

}  // namespace anabranch::core
