"""What is taken out of a text: licence headers, personal data, the form of notebooks."""
