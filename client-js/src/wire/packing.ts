/** Owns the original's way of putting bytes into a JSON string: two to a UTF-16 unit, the high one first. */

/** An odd last byte is the high half of a unit whose low half is 0. */
export const packed = (bytes: Uint8Array): string => {
  const pieces: string[] = []
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const units: number[] = []
    const end = Math.min(bytes.length, from + pieceBytes)
    for (let at = from; at < end; at += 2) units.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
    pieces.push(String.fromCharCode(...units))
  }
  return pieces.join('')
}

/** As many as an argument list surely holds. */
const pieceBytes = 8_192

/** Always an even number of bytes; whoever knows the true length cuts the last one off. */
export const unpacked = (text: string): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(text.length * 2)
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    bytes[at * 2] = unit >> 8
    bytes[at * 2 + 1] = unit & 0xff
  }
  return bytes
}
