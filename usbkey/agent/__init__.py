"""The agent on the user's own machine: shows what is to be signed, asks for the PIN, signs."""
