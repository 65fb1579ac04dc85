//! Bookmark Service: save, organise, search, import, export, trash, history.
