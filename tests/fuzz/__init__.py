"""Our own fuzzer: every verb on inputs that are nearly right; none may be answered with an internal error."""
