//! Typed client of the REST interface, used by the command line and by tests.
