"""Errors that the user can cause: one line that names the culprit and the cure."""


class UserError(Exception):
    """Data, files or the machine are not as they must be: exit status 1."""

    exit_status = 1


class UsageError(UserError):
    """The command line or params.yaml asks for something impossible: exit status 2."""

    exit_status = 2
