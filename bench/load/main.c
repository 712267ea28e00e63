// See bench/README.md.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

static const char usage[] =
    "usage: load kafka|redis|nats append|read|tail|create ADDRESS:PORT NAME [options]\n"
    "  append   a closed loop: every connection keeps its requests in flight, each waits for its "
    "acknowledgements\n"
    "  read     all that is there when it begins, from the first record on, a connection for each target\n"
    "  tail     milliseconds from a producer at a steady rate to a waiting consumer\n"
    "  create   makes the streams (nats)\n"
    "  -p TARGETS      partitions of the topic, or streams NAME-0, NAME-1, … (1)\n"
    "  -c CONNECTIONS  (1)\n"
    "  -d DEPTH        requests in flight on each (1)\n"
    "  -b RECORDS      in a request: a batch, or so many commands in a row (1)\n"
    "  -s BYTES        of a value (100)\n"
    "  -t SECONDS      that are counted (4)\n"
    "  -w SECONDS      before them (0.5)\n"
    "  -r RATE         records/s of tail (500)\n"
    "The answer is one line of JSON; any error ends it with exit code 1.\n";

static double number_of(const char* text, double least, double most) {
    char* end = NULL;
    const double number = strtod(text, &end);
    if (end == text || *end != '\0' || !(number >= least) || !(number <= most))
        give_up("'%s' is no number from %g to %g", text, least, most);
    return number;
}

static void parse_address(options* asked, char* text) {
    char* colon = strrchr(text, ':');
    if (colon == NULL) give_up("'%s' is no ADDRESS:PORT", text);
    *colon = '\0';
    asked->host = text;
    asked->port = (int)number_of(colon + 1, 1, 65535);
}

int main(int argument_count, char** arguments) {
    const protocol* const protocols[] = {&kafka, &redis, &nats};
    if (argument_count < 5) {
        fputs(usage, stderr);
        return 2;
    }
    const protocol* speaks = NULL;
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; ++i)
        if (strcmp(arguments[1], protocols[i]->name) == 0) speaks = protocols[i];
    options asked = {.targets = 1,
                     .connections = 1,
                     .depth = 1,
                     .batch = 1,
                     .value_bytes = 100,
                     .seconds = 4,
                     .rate = 500};
    asked.warm_s = 0.5;
    const char* load = arguments[2];
    parse_address(&asked, arguments[3]);
    asked.name = arguments[4];
    if (strlen(asked.name) > name_bytes_max) give_up("the name is too long");
    optind = 5;
    for (int option; (option = getopt(argument_count, arguments, "p:c:d:b:s:t:w:r:")) != -1;) {
        switch (option) {
            case 'p': asked.targets = (int)number_of(optarg, 1, 100000); break;
            case 'c': asked.connections = (int)number_of(optarg, 1, 20000); break;
            case 'd': asked.depth = (int)number_of(optarg, 1, depth_max); break;
            case 'b': asked.batch = (int)number_of(optarg, 1, 100000); break;
            case 's': asked.value_bytes = (int)number_of(optarg, 8, 1 << 20); break;
            case 't': asked.seconds = number_of(optarg, 0.1, 3600); break;
            case 'w': asked.warm_s = number_of(optarg, 0, 3600); break;
            case 'r': asked.rate = number_of(optarg, 2, 100000); break;
            default: fputs(usage, stderr); return 2;
        }
    }
    if (speaks == NULL || optind != argument_count) {
        fputs(usage, stderr);
        return 2;
    }
    if (strcmp(load, "tail") == 0) asked.batch = 1;
    speaks->prepare(&asked);
    if (strcmp(load, "append") == 0)
        run_append(&asked, speaks);
    else if (strcmp(load, "read") == 0)
        run_read(&asked, speaks);
    else if (strcmp(load, "tail") == 0)
        run_tail(&asked, speaks);
    else if (strcmp(load, "create") == 0)
        run_create(&asked, speaks);
    else
        fputs(usage, stderr), exit(2);
    return 0;
}
