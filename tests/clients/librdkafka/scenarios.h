// The scenarios, by topic of their file. Each makes topics of its own name and expects them not to be there.
#pragma once

// round_trips.c; what write_codecs wrote is what read_codecs expects, whatever happened to the server in
// between
void write_codecs(void);
void read_codecs(void);
void big_records(void);
void many_partitions(void);
void pipelined_order(void);

// lookups.c; what fill_times wrote is what find_times expects
void fill_times(void);
void find_times(void);
void watermarks(void);
void seeking(void);

// waiting.c
void long_poll(void);
void minimum_bytes(void);

// refusals.c; the first needs a server that makes no topics by itself
void unknown_topics(void);
void unknown_partitions(void);
void too_large(void);
void out_of_range(void);
void refused_topics(void);
