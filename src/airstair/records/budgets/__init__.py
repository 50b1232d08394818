"""How often each program has asked of late, so that one that asks too often is told when to come again."""
