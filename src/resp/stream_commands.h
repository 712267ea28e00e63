// The code of the commands that see a partition as a stream; command_table.cc says which is whose.
#pragma once

#include "env/task.h"

namespace logstore::resp {

struct write_call;
struct alone_call;

void plan_xadd(write_call& call);
void answer_xadd(write_call& call);
env::task<void> run_xlen(alone_call* call);
env::task<void> run_xrange(alone_call* call);
env::task<void> run_xrevrange(alone_call* call);
env::task<void> run_xread(alone_call* call);

}  // namespace logstore::resp
