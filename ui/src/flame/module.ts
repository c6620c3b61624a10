/** Which module a frame belongs to, and the colour that module has on every page. */

/** How many colours the style sheet has for frames. */
export const COLOURS = 8;

/** A frame is "function (file:line)"; what stands outside of that form has itself as its module. */
export function placeOf(frame: string): string | null {
  const found = /\(([^()]*)\)\s*$/.exec(frame);
  return found?.[1]?.replace(/:\d+$/, "") || null;
}

/**
 * The package of the file: what follows site-packages, the standard library's directory, or else the file's own
 * directory, so that a service's frames share one colour and its libraries have others.
 */
export function moduleOf(frame: string): string {
  const place = placeOf(frame);
  if (place === null) return frame.replace(/[:(<[ ].*$/s, "") || "unknown";
  const parts = place
    .replaceAll("\\", "/")
    .split("/")
    .filter((part) => part !== "" && part !== ".");
  const library = parts.findLastIndex((part) => LIBRARIES.test(part));
  const name = (library >= 0 ? parts[library + 1] : parts.at(-2)) ?? parts.at(-1) ?? place;
  const scoped = library >= 0 && name.startsWith("@") ? `${name}/${parts[library + 2] ?? ""}` : name;
  return scoped.replace(/\.(?:py|pyx|js|ts|mjs|cjs|so)$/, "");
}

/** A frame without the way to the library's directory: "wait (django/db/query.py:495)". */
export function shortened(frame: string): string {
  const place = placeOf(frame);
  if (place === null) return frame;
  const parts = place.replaceAll("\\", "/").split("/");
  const library = parts.findLastIndex((part) => LIBRARIES.test(part));
  return library < 0 ? frame : frame.replace(place, parts.slice(library + 1).join("/"));
}

/** Directories whose entries are libraries. */
const LIBRARIES = /^(?:site-packages|dist-packages|node_modules|python\d\.\d+)$/;

/** FNV-1a, 32 bits, its high bits folded into the low ones: the same module, the same colour, on any page. */
export function colourOf(module: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < module.length; at += 1) {
    hash ^= module.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % COLOURS;
}
