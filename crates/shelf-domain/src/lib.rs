//! Words and laws: ids, stamps, changes, the fold and every decision about library content; no I/O, no clock, no randomness.
