// The code of the commands that read and write key by key; command_table.cc says which is whose.
#pragma once

namespace logstore::resp {

struct key_read_call;
struct write_call;

void plan_fields(key_read_call& call);
void plan_fields_without_values(key_read_call& call);
void plan_keys(key_read_call& call);
void plan_keys_without_values(key_read_call& call);

void answer_value(key_read_call& call);
void answer_values(key_read_call& call);
void answer_presence(key_read_call& call);
void answer_length(key_read_call& call);
void answer_existing(key_read_call& call);
void answer_type(key_read_call& call);

void plan_hset(write_call& call);
void plan_hsetnx(write_call& call);
void plan_hdel(write_call& call);
void plan_set(write_call& call);
void plan_setnx(write_call& call);
void plan_getset(write_call& call);
void plan_getdel(write_call& call);
void plan_mset(write_call& call);
void plan_del(write_call& call);

void answer_ok(write_call& call);
void answer_added(write_call& call);
void answer_deleted(write_call& call);
void answer_written(write_call& call);
void answer_previous(write_call& call);
void answer_set(write_call& call);

}  // namespace logstore::resp
