//! Exams, factories and fakes of time and chance; only ever a dev-dependency.
