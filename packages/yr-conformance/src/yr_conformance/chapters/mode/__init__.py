"""MODE: the two modes of a backend and the variables that set it up."""
