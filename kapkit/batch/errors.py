"""What stops a run whose input is sound."""


class RunError(RuntimeError):
    """The run cannot go on, though its input is sound; what was done is kept.

    The message says what stands in the way and what to do.
    """
