//! REST: authentication, scope, limits and one error table.
