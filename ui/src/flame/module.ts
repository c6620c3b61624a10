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
  const path = place.replaceAll("\\", "/");
  const library = /(?:site-packages|dist-packages|node_modules|\/python3(?:\.\d+)?)\/((?:@[^/]+\/)?[^/]+)/g;
  const last = [...path.matchAll(library)].at(-1)?.[1];
  const parts = (last ?? path).split("/").filter((part) => part !== "" && part !== ".");
  const name = last ?? parts.at(-2) ?? parts.at(-1) ?? place;
  return name.replace(/\.(?:py|pyx|js|ts|mjs|cjs|so)$/, "");
}

/** FNV-1a, 32 bits: the same module, the same colour, on any page. */
export function colourOf(module: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < module.length; at += 1) {
    hash ^= module.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % COLOURS;
}
