// The option table as text: a commented configuration file and a documentation page.
#pragma once

#include <string>

#include "config/server_options.h"

namespace logstore::config {

/// A TOML file that sets every option to its value in `options`, each with its meaning, default and bounds as
/// a comment. Loading it gives `options` back.
std::string print_config(const server_options& options);

/// The reference page of all options, in Markdown.
std::string options_markdown();

}  // namespace logstore::config
