#include "kafka/client/version_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "kafka/client/errc.h"

namespace logstore::kafka {

result<api_version> version_table::choose(api_key api, api_version highest) const {
    const api_info* ours = find_api(api);
    CHECK(ours != nullptr && ours->is_offered(), "this client does not speak {}", api_name(api));
    const auto theirs = std::ranges::find(offered_, api, &api_versions_response::range::key);
    if (theirs == offered_.end())
        return fail(client_errc::unsupported, fmt::format("the server has no {} requests", ours->name));

    const auto version = std::min({theirs->max.value(), ours->advertised_max, highest.value()});
    if (version >= std::max(theirs->min.value(), ours->served_min)) return api_version(version);
    return fail(client_errc::unsupported,
                fmt::format("the server speaks {} versions {} to {}, this client {} to {}", ours->name,
                            theirs->min.value(), theirs->max.value(), ours->served_min,
                            std::min(ours->advertised_max, highest.value())));
}

}  // namespace logstore::kafka
