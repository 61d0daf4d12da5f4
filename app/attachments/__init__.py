"""Files that holders hand in: kept once by what they contain, recognised by it, never changed."""
