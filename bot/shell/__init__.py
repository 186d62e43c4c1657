"""`dragoman translate`: recordings from the shell, over the same road without Slack."""
