"""What one quantity is on an equation, and how it combines: one file each."""
