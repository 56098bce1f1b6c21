// Begins the threads of a store. A system may refuse one more; that is an error like any other.
#pragma once

#include <functional>
#include <thread>

namespace anabranch::leader {

using BeginThread = std::function<std::thread(std::function<void()>)>;

// Throws Error{kIo} when the system begins no more threads.
std::thread begin_thread(std::function<void()> body);

}  // namespace anabranch::leader
