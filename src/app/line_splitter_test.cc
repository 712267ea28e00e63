#include "app/line_splitter.h"

#include <vector>

#include <gtest/gtest.h>

namespace logstore::app {
namespace {

/// The lines of `text`, given in pieces of `piece_bytes`; the last one in brackets when nothing ends it.
std::vector<std::string> split(std::string_view text, std::size_t piece_bytes,
                               std::size_t line_bytes_max = 100) {
    line_splitter lines(line_bytes_max);
    std::vector<std::string> found;
    bytes_view line;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view piece = rest.substr(0, piece_bytes);
        rest.remove_prefix(piece.size());
        lines.accept(bytes_of(piece));
        while (lines.next(line)) found.emplace_back(text_of(line));
        if (lines.is_too_long()) return {"too long"};
    }
    if (!lines.rest().empty()) found.push_back("[" + std::string(text_of(lines.rest())) + "]");
    return found;
}

TEST(line_splitter, lines_are_the_same_however_the_input_is_cut) {
    const std::string text = "one\n\nthree\r\n" + std::string(40, 'x') + "\n\n\nlast";
    const std::vector<std::string> expected{"one", "", "three\r", std::string(40, 'x'), "", "", "[last]"};
    for (std::size_t piece = 1; piece <= text.size(); ++piece)
        EXPECT_EQ(split(text, piece), expected) << piece;
}

TEST(line_splitter, nothing_follows_the_last_line_end) {
    for (std::size_t piece = 1; piece <= 4; ++piece)
        EXPECT_EQ(split("a\nb\n", piece), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(split("", 1).empty());
}

TEST(line_splitter, a_line_above_the_limit_is_told_before_it_is_kept) {
    EXPECT_EQ(split("short\n" + std::string(101, 'x') + "\n", 10).front(), "too long");
    EXPECT_EQ(split(std::string(100, 'x') + "\n", 10).size(), 1u);
}

}  // namespace
}  // namespace logstore::app
