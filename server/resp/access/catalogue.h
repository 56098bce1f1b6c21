// The table of commands, as access control uses it.
#pragma once

#include <span>
#include <string_view>

#include "server/resp/table/row.h"

namespace anabranch::server {

struct Catalogue {
  std::span<const Command> rows;                       // rows[i].id is i.
  std::string_view (*name)(const Command& row);        // "client|id".
  const Command* (*find)(std::string_view full_name);  // In any case; null: there is none.
};

}  // namespace anabranch::server
