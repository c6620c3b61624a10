//! Protobuf written by hand, so that the decoder is not held against itself.

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

pub fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

pub fn fixed(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3 | 1), value.to_le_bytes().to_vec()].concat()
}

pub fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}

pub fn text(key: &str, value: &str) -> Vec<u8> {
    pair(key, &bytes(1, value.as_bytes()))
}

pub fn pair(key: &str, any: &[u8]) -> Vec<u8> {
    [bytes(1, key.as_bytes()), bytes(2, any)].concat()
}

/// A span of a client that calls a database, with one of everything.
pub fn span(number: u64, more: &[Vec<u8>]) -> Vec<u8> {
    let mut out = [
        bytes(1, &(u128::from(number) + 1).to_be_bytes()),
        bytes(2, &(number + 1).to_be_bytes()),
        bytes(4, &9u64.to_be_bytes()),
        bytes(5, b"SELECT product"),
        self::number(6, 3),
        fixed(7, 1_700_000_000_000_000_000),
        fixed(8, 1_700_000_000_000_000_500),
        bytes(9, &text("db.system", "postgresql")),
        bytes(9, &text("db.statement", "SELECT * FROM product WHERE id = 5")),
        bytes(9, &pair("app.rows", &self::number(3, 7))),
        bytes(9, &pair("app.list", &bytes(5, &bytes(1, &self::number(2, 1))))),
        bytes(11, &[fixed(1, 5), bytes(2, b"exception"), bytes(3, &text("exception.type", "KeyError"))].concat()),
        bytes(13, &[bytes(1, &[1; 16]), bytes(2, &[2; 8])].concat()),
        bytes(15, &[bytes(2, b"no 'alice'"), self::number(3, 2)].concat()),
    ]
    .concat();
    more.iter().for_each(|field| out.extend_from_slice(field));
    out
}

pub fn request(spans: &[Vec<u8>]) -> Vec<u8> {
    let scope = bytes(1, &[bytes(1, b"tracer"), bytes(2, b"1.0")].concat());
    let spans = spans.iter().map(|span| bytes(2, span)).collect::<Vec<_>>().concat();
    let resource = bytes(1, &[bytes(1, &text("service.name", "shop")), bytes(1, &text("app.zone", "a"))].concat());
    // The resource stands after its spans: the order of fields is free.
    bytes(1, &[bytes(2, &[spans, scope].concat()), resource].concat())
}

pub fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_le_bytes()[..], &[kind, 0], &7u64.to_le_bytes(), body].concat()
}
