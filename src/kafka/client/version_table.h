// Which version of each API a client and a broker speak to each other.
#pragma once

#include <vector>

#include "base/result.h"
#include "kafka/protocol/api_table.h"
#include "kafka/protocol/messages/api_versions.h"

namespace logstore::kafka {

/// What a broker offered. Plain value.
class version_table {
  public:
    version_table() = default;
    explicit version_table(std::vector<api_versions_response::range> offered)
        : offered_(std::move(offered)) {}

    /// The highest version of `api` that both sides speak, `highest` at most; client_errc::unsupported when
    /// there is none.
    result<api_version> choose(api_key api, api_version highest = api_version(api_info::never)) const;

  private:
    std::vector<api_versions_response::range> offered_;
};

}  // namespace logstore::kafka
