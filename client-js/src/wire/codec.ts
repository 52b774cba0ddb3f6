/** The frame: one message is one frame of UTF-8 JSON. It is sent as bytes, and understood as bytes or text. */
/** What every end of a data channel can take in one message; nobody's chat comes near it. */
export const frameBytesMax = 65_536

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const encodeFrame = (value: unknown): Uint8Array<ArrayBuffer> => encoder.encode(JSON.stringify(value))

/** What a value takes up in a frame. */
export const utf8Bytes = (value: unknown): number => encodeFrame(value).byteLength

/** `undefined` for whatever is not JSON of a bearable size: JSON itself has no such value. */
export const decodeFrame = (frame: unknown): unknown => {
  const text = frameText(frame)
  if (text === null) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const frameText = (frame: unknown): string | null => {
  if (typeof frame === 'string') return frame.length <= frameBytesMax ? frame : null
  if (frame instanceof ArrayBuffer || frame instanceof Uint8Array)
    return frame.byteLength <= frameBytesMax ? decoder.decode(frame) : null
  return null
}
