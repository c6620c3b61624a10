use loadstone_core::{hash::Key, redact::Redactor, spans::decoder::*};
fn main() {
    let path = std::env::args().nth(1).unwrap();
    for _ in 0..3 {
        let t = std::time::Instant::now();
        let r = Redactor::new(Key { k0: 1, k1: 2 }, [], []);
        let f: Source = Box::new(std::io::BufReader::with_capacity(1 << 16, std::fs::File::open(&path).unwrap()));
        let mut d = Decoder::new(Format::Spool, vec![f], r);
        let mut n = 0;
        while let Some(b) = d.next_batch().unwrap() {
            n += b.len();
            std::hint::black_box(b.packed(0));
        }
        println!("{n} {:?} {} ns", t.elapsed(), t.elapsed().as_nanos() / n as u128);
    }
}
