// COMMAND DOCS: what a row says about its command, for clients.
#pragma once

#include "control/resp/writer.h"
#include "server/resp/table/row.h"

namespace anabranch::server {

using control::Writer;

// Replies with the name of a row and its documentation: one pair of a map.
void document(Writer& reply, const Command& command);

}  // namespace anabranch::server
