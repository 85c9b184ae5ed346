"""People on their own: contacts read and followed, accounts joined."""
