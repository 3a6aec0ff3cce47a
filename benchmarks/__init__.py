"""Speed against other libraries and against the arithmetic's floor, in one process and on one thread."""
