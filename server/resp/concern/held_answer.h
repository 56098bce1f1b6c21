// The answer of a write that is held until its concerns are met: it leaves the output of the
// client, and waits within its Wait. The connection waits, and nobody else; the write stands,
// whatever comes of the answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "server/resp/client.h"
#include "server/resp/command.h"
#include "server/resp/host.h"

namespace anabranch::server {

// A command of a client is about to run: finds the concerns of its write (write_concerns.h). Called
// where anybody has a concern.
void prepare_to_hold(const Host& host, Client& client, const Command& command, Arguments words);
// Called for a client that was prepared once, when a command that can write has answered, from
// `begin` on: holds the answer back, unless it is an error, or unwanted, or has no concern that
// waits. Returns whether it does.
bool hold_answer(Host& host, Client& client, std::size_t begin);
// The commit of these clients' writes has failed: the answers that are held are this error, and
// wait no longer.
void revoke_held(std::span<Client* const> clients, std::string_view error);
// The server ends: a wait for a concern answers now, with an error if that is not met. Returns
// whether there was one.
bool end_wait(Client& client);
// How many answers are held now.
[[nodiscard]] std::uint64_t held_answers(const Host& host);

}  // namespace anabranch::server
