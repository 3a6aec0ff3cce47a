"""Errors that the user can cause: one line that names the culprit and the cure."""

OUT_OF_MEMORY = "out of memory|can't allocate memory|not enough memory|bad_alloc"  # what libraries say


class UserError(Exception):
    """Data, files or the machine are not as they must be: exit status 1."""

    exit_status = 1


class UsageError(UserError):
    """The command line or params.yaml asks for something impossible: exit status 2."""

    exit_status = 2
