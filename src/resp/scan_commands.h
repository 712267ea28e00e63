// The code of the commands that go over many keys; command_table.cc says which is whose.
#pragma once

#include "env/task.h"

namespace logstore::resp {

struct alone_call;

env::task<void> run_hlen(alone_call* call);
env::task<void> run_hkeys(alone_call* call);
env::task<void> run_hvals(alone_call* call);
env::task<void> run_hgetall(alone_call* call);
env::task<void> run_hrandfield(alone_call* call);
env::task<void> run_hscan(alone_call* call);
env::task<void> run_scan(alone_call* call);
env::task<void> run_dbsize(alone_call* call);

}  // namespace logstore::resp
