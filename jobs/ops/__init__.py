"""Jobs that move no table: starting training on a Spark cluster's GPUs."""
