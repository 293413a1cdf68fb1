"""Programs run under limits and isolation: tests in, a status for each out. docs/execution.md says what is stopped."""
