"""Which language a file is in, and which a text is written in."""
