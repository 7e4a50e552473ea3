"""Which data may be used for what: usage labels, marketing actions and the policies between them."""
