// Who a client is, and whether it may run a request. Every request passes here before it runs, is
// queued or has any effect; those of a transaction once more when it is executed.
#pragma once

#include <string>
#include <string_view>

#include "server/resp/access/users.h"
#include "server/resp/command.h"
#include "server/resp/host.h"

namespace anabranch::server {

inline constexpr std::string_view kStrangersError = "NOAUTH Authentication required.";

// Makes a new client the default user if that needs no password; else it is a stranger. One of the
// control socket is neither, and may run its verbs.
void welcome(const Host& host, Client& client);

// Whether a client may be a user without giving a password: from another machine only if the
// options say so.
bool may_be_open(const Host& host, const Client& client);

// Whether a client has to say who it is before anything else.
inline bool is_stranger(const Client& client) {
  return client.user == nullptr && !client.verbs_only;
}

// Whether a client may run a request with this row. If not, notes that for ACL LOG, and `refusal`
// is the error to reply with.
bool admit(Host& host, const Client& client, const Command& command, Arguments arguments,
           std::string& refusal);
// The same, but as long as a slice takes: then the client has a HeldBack, and the call with the
// same request goes on.
bool admit_some(Host& host, Client& client, const Command& command, Arguments arguments,
                std::string& refusal);
// The same for a command of a transaction that is being executed.
bool admit_queued(Host& host, const Client& client, const Command& command, Arguments arguments,
                  std::string& refusal);
// Whether a name of a key may be shown to a client.
bool may_see(const Client& client, std::string_view key);
// Whether figures about all keys may.
bool sees_all_keys(const Client& client);

// ---- At the Sentinel port.

// Returns the error for a command that is not answered to this client; empty if it is.
[[nodiscard]] std::string refusal_at_sentinel(const Host& host, const Client& client,
                                              const Command& command);
// Whether a client of version 2 of the protocol has channels: its answers are messages alone.
[[nodiscard]] bool hears_only(const Host& host, const Client& client);

// Notes a login that failed.
void note_failed_login(Host& host, const Client& client, std::string_view word,
                       std::string_view user);

// ---- After the users have changed.

// Closes a connection at the end of the turn; as a monitor it is shown nothing from now on.
void expel(Host& host, const Client& client);
// Closes the connections of a user at the end of the turn; they may do nothing from now on.
void expel(Host& host, const User& user);
// Closes monitors that may be shown commands no longer, and welcomes strangers anew.
void follow_rights(Host& host);

}  // namespace anabranch::server
