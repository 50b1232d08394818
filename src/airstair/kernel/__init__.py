"""Words that every room shares: time, codes, money, outcomes. No framework, no input or output."""
