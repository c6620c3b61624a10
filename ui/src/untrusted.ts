/** Texts that a service chose, read so that each is seen as what it is. */

/** Marks that turn the direction of text around are shown by their number, so that no name can pose as another. */
export function shownAsText(source: string): string {
  return source.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (mark) => {
    return `\u27e8U+${mark.charCodeAt(0).toString(16).toUpperCase()}\u27e9`;
  });
}

/** JSON as the archive wrote it. Raises SyntaxError where it is none. */
export function read(source: string): unknown {
  return JSON.parse(shownAsText(source));
}
