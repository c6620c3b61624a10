//! What can go wrong in the core, by whose move is next.

use std::fmt;

/// `Plan` is the caller's (the document is wrong), `Machine` the system's, `Internal` a fault of the core.
#[derive(Debug)]
pub enum Error {
    Plan(String),
    Machine(std::io::Error),
    Internal(String),
}

impl Error {
    /// A refusal of the plan: where, and what is wrong there.
    pub fn plan(place: &str, message: impl fmt::Display) -> Self {
        Error::Plan(format!("plan: {place}: {message}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Plan(message) | Error::Internal(message) => f.write_str(message),
            Error::Machine(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Machine(error) => Some(error),
            Error::Plan(_) | Error::Internal(_) => None,
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::Machine(error)
    }
}
