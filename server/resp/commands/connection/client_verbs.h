// The verbs of CLIENT that are about other connections, or about many.
#pragma once

#include "server/resp/command.h"

namespace anabranch::server {

// CLIENT KILL address, or filters: ID, TYPE, USER, ADDR, LADDR, SKIPME. The connections are closed
// at the end of the turn.
void kill_clients(Call& call);
// CLIENT LIST, of all, of a type, or of the clients with some ids.
void list_clients(Call& call);
// CLIENT UNBLOCK id [TIMEOUT | ERROR]: ends the wait of a WAIT, ANABRANCH WAIT or SESSION.
void unblock_client(Call& call);
// CLIENT PAUSE milliseconds [WRITE | ALL]: commands of clients wait, but those of operators.
void pause_clients(Call& call);
void unpause_clients(Call& call);
// CLIENT NO-EVICT ON | OFF: whether clients_bytes_max spares this one.
void spare_client(Call& call);
// CLIENT REPLY ON | OFF | SKIP: whether this connection gets answers.
void choose_replies(Call& call);
// CLIENT TRACKINGINFO, CACHING and GETREDIR: there is no tracking.
void show_tracking(Call& call);
void refuse_caching(Call& call);
void show_redirection(Call& call);

}  // namespace anabranch::server
