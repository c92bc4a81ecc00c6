"""The one exception that users see."""


class InputError(Exception):
    """Bad input: the message names the culprit and how to fix it, in one line.

    Stages turn it into that line on standard error and exit status 2; everything else is a bug and keeps its traceback.
    """
