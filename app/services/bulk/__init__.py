"""Many reviews of one kind with one conclusion, each still checked and decided for itself (W2)."""
