#include "app/completion.h"

#include <gtest/gtest.h>

#include "app/man_page.h"

namespace logstore::app {
namespace {

const command_description& program() {
    static const command_description described = describe_command_line();
    return described;
}

/// Visits `at` and all below it.
template <class Visit>
void for_each_command(const command_description& at, Visit visit) {
    visit(at);
    for (const command_description& below : at.commands) for_each_command(below, visit);
}

TEST(command_tree, it_has_what_the_parser_has) {
    std::string names;
    for (const command_description& command : program().commands) names += command.name + " ";
    EXPECT_EQ(names, "serve topic produce consume bench inspect repair completion man ");
    for_each_command(program(), [](const command_description& command) {
        EXPECT_FALSE(command.meaning.empty()) << command.full_name;
        EXPECT_FALSE(command.examples.empty()) << command.full_name;
        ASSERT_FALSE(command.options.empty()) << command.full_name;
        EXPECT_EQ(command.options.front().names, (std::vector<std::string>{"-h", "--help"}))
            << command.full_name;
    });
}

TEST(completion, every_shell_is_told_every_command_and_option) {
    for (const shell which : {shell::bash, shell::zsh, shell::fish}) {
        const std::string script = completion_script(which, program());
        for_each_command(program(), [&](const command_description& command) {
            EXPECT_NE(script.find('"' + command.full_name + '"'), std::string::npos) << command.full_name;
            for (const option_description& option : command.options) {
                std::string name = option.names.back();
                if (which == shell::fish) name = "-l " + name.substr(2);
                EXPECT_NE(script.find(name), std::string::npos) << name;
            }
        });
    }
    EXPECT_EQ(shell_of_name("fish"), shell::fish);
    EXPECT_EQ(shell_of_name("sh"), std::nullopt);
}

TEST(man_page, it_has_every_command_that_does_something) {
    const std::string page = man_page(program(), "logstore 1.2.3");
    EXPECT_TRUE(page.starts_with(".TH LOGSTORE 1 \"\" \"logstore 1.2.3\" \"User Commands\"\n.SH NAME\n"))
        << page;
    for_each_command(program(), [&](const command_description& command) {
        if (!command.commands.empty()) return;
        std::string name = command.full_name;
        if (const std::size_t hyphen = name.find('-'); hyphen != std::string::npos) name.insert(hyphen, "\\");
        EXPECT_NE(page.find("\n.SS " + name + "\n"), std::string::npos) << name;
    });
}

TEST(man_page, no_text_is_taken_for_a_request) {
    command_description odd;
    odd.name = odd.full_name = "odd";
    odd.meaning = ".so /etc/passwd";
    odd.notes = {"'quoted", "a\\b --c"};
    const std::string page = man_page(odd, "1");
    EXPECT_EQ(page.find("\n.so"), std::string::npos);
    EXPECT_NE(page.find("\n\\&\\(aqquoted\na\\eb \\-\\-c\n"), std::string::npos) << page;
}

}  // namespace
}  // namespace logstore::app
