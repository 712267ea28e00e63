// A load of librdkafka on any broker that speaks Kafka's protocol; see bench/README.md.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "load.h"

static const char usage[] =
    "usage: librdkafka_load produce|consume|latency HOST:PORT TOPIC [options]\n"
    "  produce   acks=all, as fast as it goes or at -r; every partition in turn\n"
    "  consume   all that is in the topic when it begins, every partition\n"
    "  latency   partition 0, at -r (500): milliseconds to the acknowledgement and to a consumer\n"
    "  -n RECORDS    at most so many\n"
    "  -t SECONDS    at most so long (10; consume: 600)\n"
    "  -s BYTES      of a value (100)\n"
    "  -r RATE       records/s\n"
    "  -X NAME=VALUE a setting of librdkafka; may be given again\n";

static double number_of(const char* text, double least) {
    char* end = NULL;
    const double number = strtod(text, &end);
    if (end == text || *end != '\0' || !(number >= least))
        give_up("'%s' is no number from %g on", text, least);
    return number;
}

int main(int argument_count, char** arguments) {
    if (argument_count < 4) {
        fputs(usage, stderr);
        return 2;
    }
    const char* load = arguments[1];
    options asked = {.server = arguments[2], .topic = arguments[3], .records = INT64_MAX, .value_bytes = 100};
    asked.seconds = strcmp(load, "consume") == 0 ? 600 : 10;
    optind = 4;
    for (int option; (option = getopt(argument_count, arguments, "n:t:s:r:X:")) != -1;) {
        switch (option) {
            case 'n': asked.records = (int64_t)number_of(optarg, 1); break;
            case 't': asked.seconds = number_of(optarg, 0.1); break;
            case 's': asked.value_bytes = (size_t)number_of(optarg, 0); break;
            case 'r': asked.rate = number_of(optarg, 0.1); break;
            case 'X':
                if (asked.setting_count == settings_max) give_up("at most %d settings", settings_max);
                asked.settings[asked.setting_count++] = optarg;
                break;
            default: fputs(usage, stderr); return 2;
        }
    }
    if (optind == argument_count) {
        if (strcmp(load, "produce") == 0) return run_produce(&asked);
        if (strcmp(load, "consume") == 0) return run_consume(&asked);
        if (strcmp(load, "latency") == 0) return run_latency(&asked);
    }
    fputs(usage, stderr);
    return 2;
}
