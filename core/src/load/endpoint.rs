//! Where a plan's requests go and the credentials that they carry: rendered once, shared by every step.

use super::encode;
use super::plan::{Auth, Part, Target};
use super::redirect::Origin;
use super::template::{Names, Template};
use crate::error::Error;

/// What every request of a plan shares.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub origin: Origin,
    /// The credentials as sent and as shown.
    pub(super) authorization: Option<(Vec<u8>, String)>,
}

impl Endpoint {
    /// `names` gives the secrets; credentials are rendered here, once.
    pub fn new(target: &Target, names: &Names) -> Result<Endpoint, Error> {
        let constant = |parts: &[Part]| -> Result<(Vec<u8>, String), Error> {
            let names = Names { vars: &[], ..*names };
            let template = Template::compile(parts, &names).map_err(|error| Error::plan("target.auth", error))?;
            let sent = template.as_constant().ok_or_else(|| {
                Error::plan("target.auth", "credentials may hold only texts and secrets; they are rendered once")
            })?;
            if encode::breaks_line(sent) {
                return Err(Error::plan("target.auth", "credentials may not hold CR, LF or NUL"));
            }
            Ok((sent.to_vec(), template.show_constant()))
        };
        let authorization = match &target.auth {
            None => None,
            Some(Auth::Bearer(token)) => {
                let (sent, shown) = constant(token)?;
                Some(([b"Bearer ", sent.as_slice()].concat(), format!("Bearer {shown}")))
            }
            Some(Auth::Basic(basic)) => {
                let (user, shown_user) = constant(&basic.user)?;
                let (password, shown_password) = constant(&basic.password)?;
                let pair = encode::base64(&[user.as_slice(), b":", password.as_slice()].concat());
                Some(([b"Basic ", pair.as_slice()].concat(), format!("Basic {shown_user}:{shown_password}")))
            }
        };
        Ok(Endpoint { origin: Origin::of(target), authorization })
    }
}
