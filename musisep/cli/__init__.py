"""What the commands do with their options, beside the separation itself."""
