// The code of the commands that are answered from what the door knows; command_table.cc says which is whose.
#pragma once

namespace logstore::resp {

struct immediate_call;

void run_ping(immediate_call& call);
void run_echo(immediate_call& call);
void run_hello(immediate_call& call);
void run_auth(immediate_call& call);
void run_select(immediate_call& call);
void run_client(immediate_call& call);
void run_reset(immediate_call& call);
void run_quit(immediate_call& call);
void run_command(immediate_call& call);
void run_config(immediate_call& call);
void run_info(immediate_call& call);

}  // namespace logstore::resp
