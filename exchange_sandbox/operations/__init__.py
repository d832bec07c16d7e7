"""EWS operations: one module per operation or small family of operations."""
