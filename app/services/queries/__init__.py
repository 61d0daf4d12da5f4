"""Lists that people query: how they are narrowed, sorted, paged and exported."""
