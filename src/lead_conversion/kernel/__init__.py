"""Words that every layer shares: errors, windows of time, keys."""
