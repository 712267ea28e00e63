// A console for tests: keeps what was said.
#pragma once

#include <string>

#include "app/console.h"

namespace logstore::app::testing {

class recorded_console final : public console {
  public:
    void print(std::string_view text) override { printed += text; }
    bool flush() override { return printed.size() < printed_bytes_max; }
    void complain(std::string_view lines) override { said += lines; }
    void say(std::string_view sentence) override { said.append(sentence).append("\n"); }
    void show_progress(std::string_view) override {}
    bool can_ask() const override { return somebody_is_there; }
    bool ask(std::string_view question) override {
        asked += question;
        return answer;
    }

    std::string printed;
    /// After this the reader goes away.
    std::size_t printed_bytes_max = std::string().max_size();
    std::string said;
    std::string asked;
    bool somebody_is_there = false;
    bool answer = false;
};

}  // namespace logstore::app::testing
