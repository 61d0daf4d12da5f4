"""Pure rules of the registry: nothing here touches a database, a request or a diagram."""
