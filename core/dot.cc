#include "core/dot.h"

#include "core/text.h"

namespace anabranch::core {

std::string to_string(Origin origin) { return to_hex(origin); }

}  // namespace anabranch::core
