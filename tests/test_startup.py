"""What no request needs is not loaded before the first one."""

from tests.test_architecture import run_python


def test_a_run_loads_neither_frames_nor_plots_nor_special_functions_before_it_asks():
    loaded = run_python(
        "import sys; import harness.pipeline, harness.cli.fleet, harness.cli.story, harness.render.progress; "
        "print(sorted({'litellm', 'pandas', 'matplotlib', 'scipy'} & {name.partition('.')[0] for name in sys.modules}))"
    )
    assert loaded.strip() == "[]"
