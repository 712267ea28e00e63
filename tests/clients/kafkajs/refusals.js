// What kafkajs says when a broker refuses something.
'use strict';

/** kafkajs wraps what a broker said, sometimes twice. */
function innermost(error) {
    if (error.errors?.length > 0) return innermost(error.errors[0]);
    return error.cause ? innermost(error.cause) : error;
}

exports.described = (error) => {
    const {name, type, message} = innermost(error);
    return {name, type: type ?? null, message};
};
