//! The seams: small object-safe traits whose doc comment is the contract.
