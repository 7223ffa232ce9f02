"""Makes all output writable to a console, a pipe or a file, in any encoding.

A character that the encoding lacks becomes a word or a similar letter, so that no output ever ends
a command.
"""

import codecs
import io
import os
import sys
import unicodedata

HANDLER = "autograder.signs"  # the name of the error handler
# Python's ASCII under a name of our own: click considers plain ASCII a mistake, and writes UTF-8
ASCII = "autograder_ascii"
BLOCKS = "▁▂▃▄▅▆▇█"
# replacements of signs that cannot be shown; accented letters lose their accents
WORDS = {
    "✓": "ok",
    "✗": "x",
    "◐": "~",
    "◕": "+",
    "·": "-",
    "•": "*",
    "…": "...",
    "→": "->",
    "←": "<-",
    "−": "-",
    "–": "-",
    "—": "-",
    "×": "x",
    "∖": "\\",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "≠": "!=",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    **{block: str(height) for height, block in enumerate(BLOCKS, 1)},
}


def let_everything_through() -> None:
    """Make stdout and stderr accept any text. Called before anything is printed.

    To a pipe or a file, Windows writes in its own code page; there UTF-8 is written, as Python 3.15
    does, unless `PYTHONIOENCODING` names another encoding. Elsewhere the encoding stays. A stream
    that another program put in place of Python's own is not changed.
    """
    _take_escape_sequences()
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper) or stream.errors == HANDLER:
            continue
        encoding = codecs.lookup(stream.encoding).name
        if sys.platform == "win32" and "PYTHONIOENCODING" not in os.environ:
            encoding = "utf-8"
        if encoding == "ascii":
            encoding = ASCII
        stream.reconfigure(encoding=encoding, errors=HANDLER)


STDOUT = -11  # constants of Windows
STDERR = -12
ESCAPE_SEQUENCES = 4


def _take_escape_sequences() -> None:
    """Make an old Windows console interpret escape sequences for colours and clearing.

    Otherwise `rich` writes to it as to a console without them.
    """
    if sys.platform != "win32":
        return
    import ctypes

    windll = getattr(ctypes, "windll", None)
    if windll is None:
        return
    kernel = windll.kernel32
    for number in (STDOUT, STDERR):
        handle = kernel.GetStdHandle(number)
        mode = ctypes.c_ulong()
        is_console = kernel.GetConsoleMode(handle, ctypes.byref(mode))
        if is_console:
            kernel.SetConsoleMode(handle, mode.value | ESCAPE_SEQUENCES)


def _in_other_words(error: UnicodeError) -> tuple[str, int]:
    """Return the replacement of unencodable text, and the position after it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    written = "".join(_word(character) for character in text)
    return written, error.end


def _word(character: str) -> str:
    """Return ASCII for a character; `?` if there is none."""
    if character in WORDS:
        return WORDS[character]
    decomposed = unicodedata.normalize("NFKD", character)
    plain = decomposed.encode("ascii", "ignore").decode("ascii")
    return plain or "?"


def _own_ascii(name: str) -> codecs.CodecInfo | None:
    """Find the codec of `ASCII`."""
    if name != ASCII:
        return None
    found = codecs.lookup("ascii")
    return codecs.CodecInfo(
        found.encode,
        found.decode,
        found.streamreader,
        found.streamwriter,
        found.incrementalencoder,
        found.incrementaldecoder,
        name=ASCII,
    )


codecs.register_error(HANDLER, _in_other_words)
codecs.register(_own_ascii)
