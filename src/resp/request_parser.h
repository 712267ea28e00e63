// Requests of Redis' protocol, found in bytes as they come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logstore::resp {

struct request_limits {
    /// Of one request, with its lengths and line ends.
    std::size_t request_bytes_max = std::size_t(4) << 20;
    /// The name counts.
    std::size_t args_max = 32'768;
    /// Of one line: an inline command, or a number.
    std::size_t line_bytes_max = std::size_t(64) << 10;
};

/// Finds one request after another:
///
///   request = array | inline
///   array   = "*" count CRLF bulk…        bulk = "$" length CRLF bytes CRLF
///   inline  = words with blanks between them, up to LF; quoted as in a shell
///
/// Total; holds no bytes but those of an inline command's words. What was looked at once is not looked at again
/// when more bytes come, so a request that drips costs no more than one that comes at once.
class request_parser {
  public:
    enum class verdict : std::uint8_t { need_bytes, whole, bad };

    explicit request_parser(request_limits limits = {}) : limits_(limits) {}

    /// `bytes` is what there is from the beginning of the request on: all that was given before and what came since.
    /// bad: problem() says why; where the next request begins is not known.
    verdict parse(std::string_view bytes);

    /// REQUIRES: whole. May be empty: a request that asks for nothing, and is answered with nothing. Views of what was
    /// given to parse(), or, for an inline command, of this parser until the next call.
    const std::vector<std::string_view>& args() const { return args_; }
    bool is_inline() const { return is_inline_; }
    /// REQUIRES: whole.
    std::size_t used_bytes() const { return at_; }
    /// How many bytes are certainly missing; 0 when nothing is known.
    std::size_t missing_bytes() const { return missing_bytes_; }
    /// In Redis' words. REQUIRES: bad.
    const std::string& problem() const { return problem_; }

    /// The next bytes are the beginning of another request.
    void start_again();

  private:
    struct place {
        std::uint32_t at;
        std::uint32_t bytes;
    };

    verdict parse_array(std::string_view bytes);
    verdict parse_inline(std::string_view bytes);
    /// A number behind a mark, up to CRLF: whole when it is there.
    verdict take_number(std::string_view bytes, std::string_view if_too_long, std::string_view if_no_number,
                        std::int64_t& number);
    verdict take_bulk(std::string_view bytes);
    bool split_words(std::string_view line);
    verdict fail(std::string_view why);

    const request_limits limits_;
    std::vector<std::string_view> args_;
    std::vector<place> places_;
    std::vector<std::string> words_;
    std::string problem_;
    /// What lies before needs no second look.
    std::size_t at_ = 0;
    /// Where the end of the line at at_ was looked for.
    std::size_t scanned_ = 0;
    std::size_t missing_bytes_ = 0;
    /// Of the array; −1: not known yet.
    std::int64_t count_ = -1;
    /// Of the bulk at at_; −1: not known yet.
    std::int64_t bulk_bytes_ = -1;
    bool is_inline_ = false;
};

}  // namespace logstore::resp
