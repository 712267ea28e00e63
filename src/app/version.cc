#include "app/version.h"

namespace logstore::app {

// The build gives both macros to this file alone, so that a new version compiles one file.
std::string_view version_number() {
    return LOGSTORE_VERSION;
}
std::string_view build_kind() {
    return LOGSTORE_BUILD_TYPE;
}
std::string_view version_text() {
    return "logstore " LOGSTORE_VERSION " (" LOGSTORE_BUILD_TYPE ")";
}

}  // namespace logstore::app
