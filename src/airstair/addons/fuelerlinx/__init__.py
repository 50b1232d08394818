"""FuelerLinx: the partner pulls the flights of ticked aircraft from us; nothing comes back."""
