"""The only writer of units: instruments, blocks, transfers and their journal."""
