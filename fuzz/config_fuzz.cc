// A configuration file. What is accepted is printed and loaded again, and must print the same.
#include "base/check.h"
#include "config/option_text.h"

using namespace logstore;
using namespace logstore::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto loaded = load_server_options(text, "fuzz");
    if (!loaded) {
        CHECK(!loaded.error().detail.empty());
        return 0;
    }
    const std::string printed = print_config(*loaded);
    const auto again = load_server_options(printed, "printed");
    CHECK(again.has_value());
    CHECK(print_config(*again) == printed);
    return 0;
}
