"""The user's own key: tokens, the agent on their machine, provisioning. Imports nothing of app/."""
