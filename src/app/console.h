// The terminal, pipe or file that the program speaks to.
#pragma once

#include <string_view>

namespace logstore::app {

/// Where commands write. An interface, so that tests can listen. One thread.
class console {
  public:
    virtual ~console() = default;
    /// What was asked for, to standard output.
    virtual void print(std::string_view text) = 0;
    /// Hands over what was printed; false when nobody takes it any more (the reader is gone, or the disk is
    /// full): there is no use in printing more.
    virtual bool flush() = 0;
    /// Whole lines to standard error.
    virtual void complain(std::string_view lines) = 0;
    /// A sentence, to standard error: "logstore: " before it and a line end after it.
    virtual void say(std::string_view sentence) = 0;
    /// Shows `line` in place of what was shown before; empty removes it. Nothing where standard error is no
    /// terminal.
    virtual void show_progress(std::string_view line) = 0;
    /// Whether there is somebody to ask.
    virtual bool can_ask() const = 0;
    /// Puts a yes-or-no question; anything but a clear yes is no. REQUIRES: can_ask().
    virtual bool ask(std::string_view question) = 0;
};

/// Standard input, output and error of this process.
class standard_console final : public console {
  public:
    void print(std::string_view text) override;
    bool flush() override;
    void complain(std::string_view lines) override;
    void say(std::string_view sentence) override;
    void show_progress(std::string_view line) override;
    bool can_ask() const override;
    bool ask(std::string_view question) override;

    /// Whether all that was printed has been taken; else says so. A reader that had enough (`logstore topic
    /// list | head -1`) is no failure: what it did not want is dropped in silence.
    bool finish();

  private:
    void output_failed(int number);

    bool reader_is_gone_ = false;
    bool failed_ = false;
    bool shows_progress_ = false;
};

}  // namespace logstore::app
