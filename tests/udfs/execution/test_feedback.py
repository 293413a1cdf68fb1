"""What is told of a run."""

from __future__ import annotations

from udfs.execution.feedback import IMAGE, Told, feedback, output, result_of, traceback

TRACE = """Traceback (most recent call last):
  File "<program>", line 3, in <module>
    main()
  File "/usr/lib/python3.11/json/decoder.py", line 337, in decode
    obj, end = self.raw_decode(s)
               ^^^^^^^^^^^^^^^^^^
  File "<program>", line 2, in main
    return 1 / 0
ZeroDivisionError: division by zero"""


def test_an_output_is_shown_plain_and_short() -> None:
    assert output("\x1b[31mred\x1b[0m\r\n") == "red"
    assert output("a\n<Figure size 640x480 with 1 Axes>\nb") == f"a\n{IMAGE}\nb"
    assert output("data:image/png;base64," + "QUJD" * 40) == IMAGE
    long = output("h" * 500 + "m" * 5_000 + "t" * 500)
    assert long.startswith("h" * 200 + "\n... (5,600 characters left out)\n") and long.endswith("t" * 200)


def test_frames_of_libraries_are_left_out_and_the_exception_stays() -> None:
    told = traceback(TRACE)
    assert "decoder.py" not in told and "raw_decode" not in told and "^^^" not in told
    assert told.endswith("ZeroDivisionError: division by zero") and "in main" in told
    assert traceback("x" * 900 + "\nKeyError: 1").endswith("KeyError: 1")
    assert len(traceback("x" * 9_000)) == 500


def test_the_first_test_that_did_not_pass_is_told() -> None:
    assert feedback([Told("passed")]) == "" == feedback([])
    assert feedback([Told("cpu_limit")]) == "Execution timed out." == feedback([Told("wall_limit")])
    assert "too much memory" in feedback([Told("memory_limit")])
    wrong = feedback([Told("passed"), Told("failed", "AssertionError", "assert add(1, 2) == 3"), Told("error")])
    assert wrong == "The result is wrong.\nThis does not hold: assert add(1, 2) == 3\nAssertionError"
    lost = feedback([Told("error", "NameError: name 'add' is not defined")], "add")
    assert lost.startswith("The tests call `add`, which the program does not define")
    # A name that the program itself lacks is its own error, unless it is the one that was asked for.
    own = (
        "Traceback (most recent call last):\n  File \"<program>\", line 2, in f\nNameError: name 'other' is not defined"
    )
    assert feedback([Told("error", own)], "add").endswith("NameError: name 'other' is not defined")
    assert "The tests call `other`" in feedback([Told("error", own.replace("<program>", "<test>"))])
    assert "The tests call `other`" in feedback([Told("error", own)], "other")


def test_of_a_long_message_the_exception_stays() -> None:
    for test in (
        Told("error", "word " * 5_000 + "\nKeyError: 7"),
        Told("failed", "w" * 900 + "KeyError: 7", "assert " + "f(1) + " * 300 + "0 == 1"),
        Told("compile_error", "line\n" * 400 + "KeyError: 7"),
    ):
        said = feedback([test])
        assert said.endswith("KeyError: 7") and len(said) <= 500, said
    assert feedback([Told("error")]) == "Execution ended with an error.\nerror"


def test_a_user_pastes_the_output_and_what_went_wrong() -> None:
    assert result_of("3\n", [Told("passed")]) == "3"
    assert result_of("", [Told("passed")]) == "(no output)"
    assert result_of("1\n", [Told("error", TRACE)]).startswith("1\nExecution ended with an error.\nTraceback")
