import pytest

from whypretrain.errors import InputError
from whypretrain.stages._run import parser, run


def test_bad_input_is_one_line_and_status_2(capsys):
    def stage(arguments):
        raise InputError("photos/cat: no images; add some")

    with pytest.raises(SystemExit) as stop:
        run(stage, parser(None).parse_args([]))
    assert stop.value.code == 2
    assert capsys.readouterr().err == "error: photos/cat: no images; add some\n"


def test_bugs_keep_their_traceback():
    def stage(arguments):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(stage, parser(None).parse_args([]))


def test_a_stage_tells_how_long_it_computed(capsys):
    seen = []
    run(lambda arguments: seen.append(arguments.config), parser(None).parse_args(["--config", '{"a": 1}']))
    assert seen == [{"a": 1}]
    assert capsys.readouterr().err.startswith("computed 0.")
