"""What one worker holds: blocks of its arena, who refers to them, and copies of values."""
