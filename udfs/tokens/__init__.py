"""From text to token ids: tokenizers, chat templates, fill-in-the-middle."""
