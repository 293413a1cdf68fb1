"""One file per command of `refinelake`: add_arguments(parser) and work(args)."""
