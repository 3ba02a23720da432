// @ts-check

/**
 * A new name that nobody else makes: a random UUID (RFC 9562, version 4).
 * crypto.randomUUID does the same, but browsers have it only on pages that
 * came over HTTPS or from this machine, and a class in a local network may be
 * on neither.
 */
export function unique() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
