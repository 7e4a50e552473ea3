"""SMS: providers that carry them, and what people answer."""
