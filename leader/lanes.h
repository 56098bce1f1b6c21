// The lanes of messages, as the transport and the regions name them.
#pragma once

#include "regions/wire/message.h"
#include "transport/transport.h"

namespace anabranch::leader {

[[nodiscard]] constexpr transport::Lane lane_of(regions::Lane lane) {
  switch (lane) {
    case regions::Lane::kBatch:
      return transport::Lane::kBatch;
    case regions::Lane::kSnapshot:
      return transport::Lane::kSnapshot;
    case regions::Lane::kNote:
      break;
  }
  return transport::Lane::kNote;
}

[[nodiscard]] constexpr regions::Lane lane_of(transport::Lane lane) {
  switch (lane) {
    case transport::Lane::kBatch:
      return regions::Lane::kBatch;
    case transport::Lane::kSnapshot:
      return regions::Lane::kSnapshot;
    case transport::Lane::kNote:
      break;
  }
  return regions::Lane::kNote;
}

}  // namespace anabranch::leader
