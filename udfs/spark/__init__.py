"""The only room that imports Spark: each file turns the kernels of one half into Spark functions, by Arrow batches."""
