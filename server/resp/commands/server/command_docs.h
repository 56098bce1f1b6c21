// COMMAND DOCS: what a row says about its command, for clients.
#pragma once

#include "server/resp/table/row.h"
#include "server/resp/writer.h"

namespace anabranch::server {

// Replies with the name of a row and its documentation: one pair of a map.
void document(Writer& reply, const Command& command);

}  // namespace anabranch::server
