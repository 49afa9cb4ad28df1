"""One file for each command: `add_arguments(parser)` and `main(options) -> ExitCode`."""
