"""Messages by e-mail and SMS (M2, G31): what they say, and the ports that carry them."""
