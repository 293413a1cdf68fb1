"""The web half: from crawl files and page sets to web_corpus."""
