"""The few shared parts of every job: stages, tables, quality, parameters, session, command line."""
