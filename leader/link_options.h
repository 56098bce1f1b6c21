// The part of the options that is about links.
#pragma once

#include <anabranch/options.h>

#include "transport/keys.h"
#include "transport/zmq/zmq_transport.h"

namespace anabranch::leader {

// Returns the options of the links to other leaders; `keys` is null without keys.
transport::ZmqOptions link_options(const Options& options, transport::SharedKeys keys);

}  // namespace anabranch::leader
