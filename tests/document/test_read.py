"""Files that cannot be read say which file, which line, and what to do."""

import pytest

from harness.document import read_toml, read_yaml
from harness.errors import BadInput, ExitCode

READERS = pytest.mark.parametrize("read", [read_toml, read_yaml])


def problem(read, path):
    with pytest.raises(BadInput) as caught:
        read(path)
    assert caught.value.exit_code is ExitCode.WRONG_USE
    [found] = caught.value.problems
    assert found.file == path
    return found


@pytest.fixture
def write(tmp_path):
    def _write(text, name="file"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return _write


@READERS
def test_a_file_that_is_not_there_is_named(read, tmp_path):
    found = problem(read, tmp_path / "none.toml")
    assert (found.line, found.message) == (None, "there is no such file")


@READERS
def test_a_folder_is_no_file(read, tmp_path):
    assert problem(read, tmp_path).message.startswith("cannot be read: ")


@READERS
def test_bytes_that_are_not_utf_8_have_their_line(read, write):
    found = problem(read, write(b"# one\n# two\n# \xff\n"))
    assert (found.line, found.message, found.hint) == (3, "is not UTF-8 (byte 0xff)", "save the file as UTF-8")


def test_a_byte_order_mark_and_windows_line_ends_are_read(write):
    document = read_toml(write(b"\xef\xbb\xbfa = 1\r\n[b]\r\nc = 2\r\n"))
    assert document.data == {"a": 1, "b": {"c": 2}}
    assert document.line(("b", "c")) == 3
    assert read_yaml(write(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")).line(("b",)) == 2


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("a = 1\nb = word", 2, "is not TOML: invalid value", 'text stands in quotes: key = "text"'),
        (
            "a = 1\n\nb",
            3,
            "is not TOML: expected '=' after a key in a key/value pair",
            'text stands in quotes: key = "text"',
        ),
        ("a = 1\nb = 2\na = 3", 3, "this key is set twice in its table", "keep one of them"),
        ("[a]\n[b]\n[a]", 3, "the table [a] is written twice", "keep one, or write [[…]] for a list of tables"),
        ("[a.b]\n[a.b]", 2, "the table [a.b] is written twice", "keep one, or write [[…]] for a list of tables"),
        ('a = 1\nb = "x', 2, "is not TOML: unterminated string", ""),
        ("a = [1,\n", 2, "is not TOML: invalid value", 'text stands in quotes: key = "text"'),
    ],
)
def test_what_is_no_toml_is_told_with_its_line_and_what_is_right(write, text, line, message, hint):
    found = problem(read_toml, write(text))
    assert abs((found.line or 0) - line) <= 1  # Pythons differ on which line the end of a file is
    assert (found.message, found.hint) == (message, hint)


def test_yaml_faults_are_all_reported(write):
    with pytest.raises(BadInput) as caught:
        read_yaml(write("a: 1\na: 2\n3: x"))
    assert [one.line for one in caught.value.problems] == [2, 3]


def test_a_place_that_is_not_written_has_the_line_of_its_nearest_parent(write):
    document = read_toml(write("x = 1\n[[providers]]\nname = 'a'\n"))
    assert document.line(("providers", 0, "model")) == 2
    assert document.line(("providers", 7)) == 2
    assert document.line(("nothing", "at", "all")) == 1
    assert read_yaml(write("a: 1\nb:\n  - c: 1\n")).line(("b", 0, "d", 4)) == 3


def test_no_line_is_known_where_none_is_found(write):
    document = read_toml(write(""))
    assert document.data == {}
    assert type(document)(document.path, {}, lambda _key: None).line(("a",)) is None
