"""What an error says of a record's fate. `fail` in a history means that nothing was written for certain."""

from __future__ import annotations

# Kafka's codes that a broker may send after it wrote: unknown server error, request timed out, network exception, not enough
# replicas after append.
MAY_HAVE_WRITTEN = {-1, 7, 13, 20}


def certainly_not_written(code: int) -> bool:
    """
    `code` is that of a producer that does not retry, as KafkaError.code() gives it. The broker's own codes are positive: one
    of them is a promise that nothing was written, which rule H4 then holds it to. Negative codes are the client's: a timeout
    or a lost connection, and it does not know either.
    """
    return code > 0 and code not in MAY_HAVE_WRITTEN
