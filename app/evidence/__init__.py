"""What a signature proves, checked with nothing but the standard library and cryptography."""
