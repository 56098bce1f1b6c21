// A status with something in each list, for tests.
#pragma once

#include <nlohmann/json.hpp>

#include <anabranch/status.h>

namespace anabranch::test {

StoreStatus some_status();
nlohmann::ordered_json some_status_json();

}  // namespace anabranch::test
