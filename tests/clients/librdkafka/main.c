// Scenarios of a real client against one server:
//   librdkafka_scenarios HOST:PORT SCENARIO
//   librdkafka_scenarios --list
// Exit code 0 when everything was as it should be; otherwise one sentence says what was not.
#include <stdio.h>

#include "client.h"
#include "scenarios.h"

static const struct scenario {
    const char* name;
    void (*run)(void);
} scenarios[] = {
    {"write_codecs", write_codecs},
    {"read_codecs", read_codecs},
    {"big_records", big_records},
    {"many_partitions", many_partitions},
    {"pipelined_order", pipelined_order},
    {"fill_times", fill_times},
    {"find_times", find_times},
    {"watermarks", watermarks},
    {"seeking", seeking},
    {"long_poll", long_poll},
    {"minimum_bytes", minimum_bytes},
    {"unknown_topics", unknown_topics},
    {"unknown_partitions", unknown_partitions},
    {"too_large", too_large},
    {"out_of_range", out_of_range},
    {"refused_topics", refused_topics},
};

enum { scenario_count = sizeof scenarios / sizeof scenarios[0] };

int main(int argument_count, char** arguments) {
    if (argument_count == 2 && strcmp(arguments[1], "--list") == 0) {
        for (size_t i = 0; i < scenario_count; ++i) puts(scenarios[i].name);
        return 0;
    }
    if (argument_count != 3) {
        fprintf(stderr, "usage: %s HOST:PORT SCENARIO | --list\n", arguments[0]);
        return 2;
    }
    server_address = arguments[1];
    for (size_t i = 0; i < scenario_count; ++i) {
        if (strcmp(scenarios[i].name, arguments[2]) != 0) continue;
        scenarios[i].run();
        return 0;
    }
    fprintf(stderr, "there is no scenario '%s'; --list names them\n", arguments[2]);
    return 2;
}
