//! Which of the hosts that referers name is this service.

use super::address::host;

/// Hosts that are counted; a service's own is among the first that come often.
const COUNTED: usize = 64;

/// Referers by host, the most frequent first.
#[derive(Debug, Default)]
pub struct Hosts(Vec<(Vec<u8>, u64)>);

impl Hosts {
    /// Whether a referer's authority is the service's own: that of the request where the log tells it, else the one that
    /// most referers have named so far. Pages lead to pages of their own service more often than to another's.
    pub fn is_own(&mut self, authority: &[u8], asked: &[u8]) -> bool {
        let name = host(authority);
        if !asked.is_empty() {
            return name.eq_ignore_ascii_case(host(asked));
        }
        match self.0.iter().position(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(at) => {
                self.0[at].1 += 1;
                let mut place = at;
                while place > 0 && self.0[place - 1].1 < self.0[place].1 {
                    self.0.swap(place - 1, place);
                    place -= 1;
                }
                place == 0
            }
            None => {
                if self.0.len() == COUNTED {
                    self.0.pop();
                }
                self.0.push((name.to_vec(), 1));
                self.0.len() == 1
            }
        }
    }
}
