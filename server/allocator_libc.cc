#include <malloc.h>

#include "server/allocator.h"

namespace anabranch::server {

std::size_t unused_memory() { return ::mallinfo2().fordblks; }

void return_unused_memory() { ::malloc_trim(0); }

}  // namespace anabranch::server
