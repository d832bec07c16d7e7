"""Read models: one function per screen or command, plain values, no lazy loading."""
