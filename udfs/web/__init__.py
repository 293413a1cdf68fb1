"""Crawled pages: from WARC records to texts with their code, domains, URL patterns and the classifier that recalls."""
