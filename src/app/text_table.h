// Columns of text for people.
#pragma once

#include <string>
#include <vector>

namespace logstore::app {

/// Rows of equally many cells, the first one the headings; columns are as wide as their widest cell, two
/// spaces apart.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace logstore::app
