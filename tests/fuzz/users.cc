// Files of users: the users of a file can be written, and are the same again. Rules are harmless
// whatever they say: a user who was given none may do nothing.

#include "server/resp/access/users.h"
#include "core/assert.h"
#include "server/resp/command.h"
#include "tests/fuzz/target.h"

using namespace anabranch;
using namespace anabranch::server;

std::vector<std::string> test::fuzz_examples(Rng& rng) {
  const std::string hash(64, static_cast<char>('a' + rng() % 6));
  return {"user default on nopass ~* &* +@all\n",
          "user default off resetchannels -@all\nuser a on #" + hash +
              " ~a:* %R~r:* %W~w:* resetchannels &news +@read -get +config|get +select|0\n",
          "\n  user b\ton >pw allkeys allchannels allcommands -@dangerous reset !" + hash + "\r\n",
          "user c on nopass (+get ~x) clearselectors\n", "# a comment\nuser d +nope\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = test::view_of(data, size);
  Users users(catalogue());
  const std::string before = users.text();
  const auto change = users.replace(text, "file");
  if (!change.ok()) {
    ANABRANCH_ASSERT(users.text() == before && !change.failure().message.empty());
    return 0;
  }
  Users again(catalogue());
  ANABRANCH_ASSERT(again.replace(users.text(), "file").ok());
  ANABRANCH_ASSERT(again.text() == users.text());
  for (const auto& [name, user] : users.all()) {
    ANABRANCH_ASSERT(*again.find(name) == *user);
    if (user->needs_password()) ANABRANCH_ASSERT(!user->accepts("nobody's password"));
  }
  return 0;
}
