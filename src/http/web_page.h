// The page for browsers.
#pragma once

#include <string_view>

namespace logstore::http {

/// One self-contained HTML text, made of src/http/page/ when the program was built.
std::string_view web_page();
/// The header field that lets a browser run the script of this page and no other, load nothing from elsewhere and
/// show it in nobody's frame. With its line end.
std::string_view web_page_policy();

}  // namespace logstore::http
