"""What the person at a terminal is told when something cannot be done."""

from codeservice.reason import Words


class TerminalError(Exception):
    """Something cannot be done; `words` say what it is and what to do."""

    def __init__(self, words: Words) -> None:
        """Keep the words."""
        super().__init__(words.en)
        self.words = words
