//! Every storage port inside one process and one directory.
