"""The pages: server-rendered, one module a noun."""
