"""A whole compliance year of a market, replayed through the registry's own services."""
